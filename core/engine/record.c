/* SPDX-License-Identifier: BSD-2-Clause */
/* What a mail leaves behind: its audit event, and the sealed head kept with
 * its bytes. */
#include "engine/engine.h"

#include <errno.h>

#include "pipeline/report.h"

enum {
	USER_AGENT_MAX = 512,	/* bytes of it that are recorded */
	HEAD_VERSION = 2
};

static struct mt_span
fact_span(const struct mail *m, const char *key)
{
	const struct fact *f = facts_find(&m->facts, key);

	if (f == NULL || (f->value.type != MT_TEXT && f->value.type != MT_TOKEN))
		return SPAN("");
	return f->value.text;
}

/* The identity is proved when every check that is required has passed: only
 * then is the mail looked up among those seen before. */
bool
record_proven(void *arg, const struct mail *m)
{
	struct mt_span replay = fact_span(m, "auth.replay");

	(void)arg;
	return replay.len > 0 && !span_is(replay, "none") && fact_span(m, "auth.from").len > 0;
}

static enum audit_status
status_of(const struct verdict *v)
{
	static const enum audit_status statuses[] = {
		[ACCEPTED] = AUDIT_SUCCESS, [HELD] = AUDIT_HELD,
		[QUARANTINED] = AUDIT_HELD, [REJECTED] = AUDIT_REFUSED,
		[DEFERRED] = AUDIT_DEFERRED, [DUPLICATE] = AUDIT_DUPLICATE,
	};

	return statuses[v->disposition];
}

static const struct audit_check *
checks_of(const struct mail *m, struct arena *a, size_t *count)
{
	static const char *const phases[] = {
		[PHASE_ENVELOPE] = "envelope", [PHASE_MESSAGE] = "message",
	};
	struct audit_check *checks = arena_alloc(a, AUDIT_CHECKS_MAX * sizeof(*checks));
	size_t n = 0;

	for (const struct check *c = m->checks; c != NULL && n < AUDIT_CHECKS_MAX; c = c->next)
		checks[n++] = (struct audit_check){ .stage = span_of(c->stage),
			.phase = span_of(phases[c->phase]), .verdict = span_of(c->verdict),
			.reason = span_of(c->reason) };
	*count = n;
	return checks;
}

static struct mt_span
user_agent(const struct mail *m)
{
	struct view_field f;

	if (m->view_block.span.len == 0)
		return SPAN("");
	if (view_find(&m->view, "User-Agent", &f) != 0 &&
	    view_find(&m->view, "X-Mailer", &f) != 0)
		return SPAN("");
	if (f.value.len > USER_AGENT_MAX)
		f.value.len = USER_AGENT_MAX;
	return f.value;
}

void
record_mail(struct engine *e, const struct mail *m, struct arena *a,
    struct audit_event *out)
{
	const struct verdict *v = &m->verdict;
	struct mt_span from = fact_span(m, "auth.from");
	struct buf report = { 0 };

	(void)e;
	report_json(m, &report);
	*out = (struct audit_event){ .event = m->event, .time_s = m->now,
		.email = from.len > 0 ? from : m->envelope.sender,
		.ip = m->envelope.client, .user_agent = user_agent(m),
		.verified = record_proven(NULL, m),
		.action = m->intent.verb.len > 0 ? m->intent.verb : SPAN("receive"),
		.target = m->intent.target,
		.intent = m->route != NULL ? span_of(m->route->address) : m->envelope.rcpt,
		.intent_known = m->route != NULL, .parameters = m->intent.params,
		.spf = fact_span(m, "auth.spf"), .dkim = fact_span(m, "auth.dkim"),
		.dmarc = fact_span(m, "auth.dmarc"),
		.permitted = v->code < 400 && v->disposition != DUPLICATE,
		.role = fact_span(m, "allowlist.role"),
		.policy = fact_span(m, "allowlist.policy"),
		.status = status_of(v), .reason = span_of(v->reason),
		.detail = span_of(v->text), .report = arena_span(a, buf_span(&report)) };
	out->checks = checks_of(m, a, &out->check_count);
	buf_free(&report);
}

void
message_pack(struct buf *b, const struct mail *m)
{
	pack_u8(b, HEAD_VERSION);
	pack_string(b, m->event);
	pack_i64(b, m->now);
	envelope_pack(b, &m->envelope);
	pack_u32(b, m->intent.cls);
	pack_span(b, m->intent.route);
	pack_span(b, m->intent.verb);
	pack_span(b, m->intent.target);
	pack_span(b, m->intent.params);
	facts_pack(b, &m->facts);
}

static struct mt_span
text_of(const struct message *m, const char *key)
{
	const struct fact *f = facts_find(&m->facts, key);

	return f == NULL ? SPAN("") : f->value.text;
}

int
message_unpack(struct mt_span packed, struct message *m)
{
	struct unpack u = unpack_of(packed);
	uint8_t version = unpack_u8(&u);

	facts_init(&m->facts, &m->arena);
	m->event = unpack_span(&u);
	m->now = unpack_i64(&u);
	if (version != HEAD_VERSION || envelope_unpack(&u, NULL, &m->envelope) != 0)
		return EBADMSG;
	m->intent.cls = unpack_u32(&u);
	m->intent.route = unpack_span(&u);
	m->intent.verb = unpack_span(&u);
	m->intent.target = unpack_span(&u);
	m->intent.params = unpack_span(&u);
	if (facts_unpack(&u, &m->facts) != 0 || !unpack_done(&u))
		return EBADMSG;
	m->email = text_of(m, "auth.from");
	m->role = text_of(m, "allowlist.role");
	m->policy = text_of(m, "allowlist.policy");
	return 0;
}
