/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports in JSON. */
#include "pipeline/report.h"

#include <stdio.h>

#include "base/json.h"

static const char *const phase_names[] = {
	[PHASE_ENVELOPE] = "envelope", [PHASE_MESSAGE] = "message",
	[PHASE_DELIVER] = "deliver", [PHASE_PROBE] = "probe",
};

static const char *const edit_names[] = {
	[MT_PART_SPLICE] = "part_splice", [MT_FIELD_SPLICE] = "field_splice",
	[MT_FIELD_ADD] = "field_add", [MT_FIELD_REMOVE] = "field_remove",
};

const char *
reply_text(const struct mail *m, char *out, size_t size)
{
	const struct verdict *v = &m->verdict;

	if (v->disposition == DUPLICATE)
		snprintf(out, size, "%s accepted", m->duplicate_of);
	else if (v->code < 400)
		snprintf(out, size, "%s %s", m->event,
		    v->disposition == ACCEPTED ? "accepted" : "held");
	else
		snprintf(out, size, "%s: %s", v->reason, v->text);
	return out;
}

static void
facts_json(struct json *j, const struct facts *facts)
{
	json_object(j, "facts");
	for (const struct fact *f = facts->head; f != NULL; f = f->next)
		if (f->value.type == MT_FLAG)
			json_bool(j, f->value.key, f->value.num != 0);
		else if (f->value.type == MT_INT)
			json_int(j, f->value.key, f->value.num);
		else
			json_string(j, f->value.key, f->value.text);
	json_end_object(j);
}

static void
checks_json(struct json *j, const struct check *checks)
{
	json_array(j, "checks");
	for (const struct check *c = checks; c != NULL; c = c->next) {
		json_object(j, NULL);
		json_text(j, "stage", c->stage);
		json_text(j, "phase", phase_names[c->phase]);
		json_text(j, "verdict", c->verdict);
		json_text(j, "reason", c->reason);
		json_text(j, "text", c->text);
		json_int(j, "us", c->us);
		json_end_object(j);
	}
	json_end_array(j);
}

static void
intent_json(struct json *j, const struct call_intent *i)
{
	static const char *const classes[] = {
		[0] = "", [MT_READ] = "read", [MT_CREATE] = "create",
		[MT_MODIFY] = "modify", [MT_APPROVE] = "approve",
	};

	json_object(j, "intent");
	json_string(j, "route", i->route);
	json_string(j, "verb", i->verb);
	json_string(j, "target", i->target);
	json_text(j, "class", classes[i->cls]);
	json_end_object(j);
}

static void
edits_json(struct json *j, const struct edit *edits)
{
	json_array(j, "edits");
	for (const struct edit *e = edits; e != NULL; e = e->next) {
		json_object(j, NULL);
		json_text(j, "op", edit_names[e->value.op]);
		json_int(j, "index", e->value.index);
		json_string(j, "name", e->value.name);
		json_string(j, "bytes", e->value.bytes);
		json_end_object(j);
	}
	json_end_array(j);
}

void
report_json(const struct mail *m, struct buf *out)
{
	const struct verdict *v = &m->verdict;
	struct json j = json_of(out);
	char text[512];

	json_object(&j, NULL);
	json_text(&j, "event", m->event);
	json_text(&j, "disposition", disposition_name((enum disposition)v->disposition));
	json_object(&j, "smtp");
	json_int(&j, "code", v->code);
	json_text(&j, "enhanced", v->enhanced);
	json_text(&j, "text", reply_text(m, text, sizeof(text)));
	json_end_object(&j);
	json_text(&j, "stage", v->stage);
	json_text(&j, "reason", v->reason);
	facts_json(&j, &m->facts);
	checks_json(&j, m->checks);
	json_int(&j, "dns_queries", m->dns_queries);
	intent_json(&j, &m->intent);
	edits_json(&j, m->edits);
	json_end_object(&j);
}
