/* SPDX-License-Identifier: BSD-2-Clause */
/* Combining verdicts: REJECT and TEMPFAIL stop, holds stick. */
#include "pipeline/verdict.h"

#include <ctype.h>
#include <stdio.h>

static const char *const disposition_names[] = {
	[ACCEPTED] = "accepted", [HELD] = "held", [QUARANTINED] = "quarantined",
	[REJECTED] = "rejected", [DEFERRED] = "deferred", [DUPLICATE] = "accepted",
};

static const struct {
	uint16_t code, least, most;
	const char *enhanced;
	char first;		/* of the enhanced code */
	uint8_t disposition;
} replies[] = {
	[MT_CONTINUE] = { 250, 250, 250, "2.0.0", '2', ACCEPTED },
	[MT_REJECT] = { 550, 500, 599, "5.7.1", '5', REJECTED },
	[MT_TEMPFAIL] = { 451, 400, 499, "4.7.0", '4', DEFERRED },
};

const char *
disposition_name(enum disposition d)
{
	return disposition_names[d];
}

struct verdict
verdict_accepted(void)
{
	return (struct verdict){ .disposition = ACCEPTED, .code = 250,
		.stage = "host", .enhanced = "2.0.0", .reason = "accepted",
		.text = "accepted" };
}

struct verdict
verdict_host(uint16_t code, const char *enhanced, const char *reason, const char *text)
{
	struct verdict v = { .disposition = code >= 500 ? REJECTED : DEFERRED,
		.code = code, .stage = "host", .phase = PHASE_MESSAGE };

	snprintf(v.enhanced, sizeof(v.enhanced), "%s", enhanced);
	snprintf(v.reason, sizeof(v.reason), "%s", reason);
	snprintf(v.text, sizeof(v.text), "%s", text);
	return v;
}

static bool
is_enhanced(const char *s, char first)
{
	if (s[0] != first || s[1] != '.' || !isdigit((unsigned char)s[2]))
		return false;
	return s[strspn(s, "0123456789.")] == '\0';
}

/* Bytes a stage wrote end up in a reply, a log and a record: printable only. */
static void
copy_clean(char *out, size_t size, const char *s, const char *otherwise)
{
	if (*s == '\0')
		s = otherwise;
	snprintf(out, size, "%s", s);
	for (; *out != '\0'; out++)
		if ((unsigned char)*out < 0x20 || (unsigned char)*out > 0x7e)
			*out = '?';
}

static bool
failed(struct verdict *v, const struct setting_stage *s, enum phase phase,
    const struct outcome *o)
{
	if (s->on_error == ON_ERROR_SKIP)
		return false;
	if (s->on_error == ON_ERROR_QUARANTINE) {
		v->disposition = QUARANTINED;
		v->stage = s->name;
		copy_clean(v->reason, sizeof(v->reason), o->result.reason, "host.stage.failed");
		return false;
	}
	*v = verdict_host(451, "4.3.0", "host.stage.failed", "");
	v->stage = s->name;
	v->phase = (uint8_t)phase;
	if (o->result.reason[0] != '\0')
		copy_clean(v->reason, sizeof(v->reason), o->result.reason, "");
	snprintf(v->text, sizeof(v->text), "the check %s failed; try again later", s->name);
	return true;
}

bool
verdict_add(struct verdict *v, const struct setting_stage *s, enum phase phase,
    const struct outcome *o)
{
	const struct mt_result *r = &o->result;
	bool coded;

	if (o->returned != 0 || r->verdict < MT_CONTINUE || r->verdict > MT_TEMPFAIL)
		return failed(v, s, phase, o);
	if (r->verdict == MT_CONTINUE) {
		if (o->holds != NULL && v->disposition == ACCEPTED) {
			v->disposition = HELD;
			v->stage = s->name;
			v->phase = (uint8_t)phase;
			copy_clean(v->reason, sizeof(v->reason), r->reason, "host.held");
		}
		return false;
	}
	coded = r->smtp_code >= replies[r->verdict].least &&
	    r->smtp_code <= replies[r->verdict].most;
	v->disposition = replies[r->verdict].disposition;
	v->code = coded ? r->smtp_code : replies[r->verdict].code;
	v->stage = s->name;
	v->phase = (uint8_t)phase;
	snprintf(v->enhanced, sizeof(v->enhanced), "%s",
	    is_enhanced(r->enhanced, replies[r->verdict].first) ? r->enhanced :
	    replies[r->verdict].enhanced);
	copy_clean(v->reason, sizeof(v->reason), r->reason, "host.stage.refused");
	copy_clean(v->text, sizeof(v->text), r->text, "refused by local policy");
	return true;
}
