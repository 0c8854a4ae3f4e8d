/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports in JSON. */
#include "pipeline/report.h"

#include <stdio.h>

#include "base/emit.h"

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
facts_json(struct emit *j, const struct facts *facts)
{
	emit_object(j, "facts");
	for (const struct fact *f = facts->head; f != NULL; f = f->next)
		if (f->value.type == MT_FLAG)
			emit_bool(j, f->value.key, f->value.num != 0);
		else if (f->value.type == MT_INT)
			emit_int(j, f->value.key, f->value.num);
		else
			emit_string(j, f->value.key, f->value.text);
	emit_end_object(j);
}

static void
checks_json(struct emit *j, const struct check *checks)
{
	emit_array(j, "checks");
	for (const struct check *c = checks; c != NULL; c = c->next) {
		emit_object(j, NULL);
		emit_text(j, "stage", c->stage);
		emit_text(j, "phase", phase_names[c->phase]);
		emit_text(j, "verdict", c->verdict);
		emit_text(j, "reason", c->reason);
		emit_text(j, "text", c->text);
		emit_int(j, "us", c->us);
		emit_end_object(j);
	}
	emit_end_array(j);
}

static void
client_json(struct emit *j, const struct envelope *e)
{
	emit_object(j, "client");
	emit_string(j, "address", e->client);
	emit_int(j, "port", e->port);
	emit_string(j, "helo", e->helo);
	emit_text(j, "protocol", envelope_protocol(e));
	emit_string(j, "tls", e->tls);
	emit_string(j, "upstream", e->upstream);
	emit_end_object(j);
}

static void
intent_json(struct emit *j, const struct call_intent *i)
{
	static const char *const classes[] = {
		[0] = "", [MT_READ] = "read", [MT_CREATE] = "create",
		[MT_MODIFY] = "modify", [MT_APPROVE] = "approve",
	};

	emit_object(j, "intent");
	emit_string(j, "route", i->route);
	emit_string(j, "verb", i->verb);
	emit_string(j, "target", i->target);
	emit_text(j, "class", classes[i->cls]);
	emit_end_object(j);
}

static void
edits_json(struct emit *j, const struct edit *edits)
{
	emit_array(j, "edits");
	for (const struct edit *e = edits; e != NULL; e = e->next) {
		emit_object(j, NULL);
		emit_text(j, "op", edit_names[e->value.op]);
		emit_int(j, "index", e->value.index);
		emit_string(j, "name", e->value.name);
		emit_string(j, "bytes", e->value.bytes);
		emit_end_object(j);
	}
	emit_end_array(j);
}

void
report_json(const struct mail *m, struct buf *out)
{
	const struct verdict *v = &m->verdict;
	struct emit j = emit_of(out);
	char text[512];

	emit_object(&j, NULL);
	emit_text(&j, "event", m->event);
	emit_text(&j, "disposition", disposition_name((enum disposition)v->disposition));
	emit_object(&j, "smtp");
	emit_int(&j, "code", v->code);
	emit_text(&j, "enhanced", v->enhanced);
	emit_text(&j, "text", reply_text(m, text, sizeof(text)));
	emit_end_object(&j);
	client_json(&j, &m->envelope);
	emit_text(&j, "stage", v->stage);
	emit_text(&j, "reason", v->reason);
	facts_json(&j, &m->facts);
	checks_json(&j, m->checks);
	emit_int(&j, "dns_queries", m->dns_queries);
	intent_json(&j, &m->intent);
	edits_json(&j, m->edits);
	emit_end_object(&j);
}
