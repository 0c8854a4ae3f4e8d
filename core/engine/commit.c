/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verdicts made durable (HACKING.md, The commit, steps 2 to 6): an accepted mail
 * with its claims, its targets and its audit entry in one transaction; a
 * refusal with its entry.  The reply goes out when the commit is done.
 */
#include "engine/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/log.h"
#include "mail/trace.h"
#include "pipeline/report.h"
#include "queue/answer.h"

enum { REFUSAL_KEEP_S = 90 * 86400 };	/* openings of refusals */

struct commit {
	struct engine *engine;
	struct mail *mail;	/* NULL for entries without one */
	struct arena arena;
	struct journal_entry entry;
	struct queue_accept accept;
	struct queue_record record;
	struct thread_names names;
	struct queue_answers answers;
	uint8_t person[HASH_SIZE];
	struct slot slot;
	bool has_slot;
	struct buf head, raw;	/* what is sealed */
};

static struct commit *
commit_new(struct engine *e, struct mail *m)
{
	struct commit *c = xcalloc(1, sizeof(*c));

	c->engine = e;
	c->mail = m;
	c->has_slot = slots_take(e->slots, &c->slot);
	return c;
}

static void
commit_free(struct commit *c)
{
	explicit_bzero(&c->slot, sizeof(c->slot));
	explicit_bzero(&c->accept.slot, sizeof(c->accept.slot));
	buf_wipe(&c->head);
	buf_wipe(&c->raw);
	arena_free(&c->arena);
	free(c);
}

/* One line a refusal names its reason: the stage's own, or ours. */
static void
refusal_log(const struct mail *m)
{
	char from[128], client[64], rcpt[128];

	if (m->verdict.code < 400 || m->logged)
		return;
	log_info("refused event=%s code=%u reason=%s stage=%s client=%s from=%s rcpt=%s",
	    m->event, m->verdict.code, m->verdict.reason, m->verdict.stage,
	    log_quote(client, sizeof(client), m->envelope.client),
	    log_quote(from, sizeof(from), m->envelope.sender),
	    log_quote(rcpt, sizeof(rcpt), m->envelope.rcpt));
}

static void
reply(struct commit *c)
{
	char text[512];

	if (c->engine->check) {
		check_reply(c->engine, c->mail);
		return;
	}
	refusal_log(c->mail);
	fault_point("answer");
	intake_reply(c->mail, &c->mail->verdict,
	    reply_text(c->mail, text, sizeof(text)));
}

static void
record_done(struct store_job *job)
{
	struct commit *c = job->arg;

	engine_committed(c->engine);
	if (c->mail != NULL)
		reply(c);
	commit_free(c);
}

static const struct state_put *
puts_of(const struct commit *c, bool accepted, size_t *count)
{
	const struct mail *m = c->mail;
	struct arena *a = (struct arena *)(uintptr_t)&c->arena;
	struct state_put *puts;
	size_t n = 0;

	*count = 0;
	for (const struct put *p = m->puts; p != NULL; p = p->next)
		n++;
	if (n == 0)
		return NULL;
	puts = arena_alloc(a, n * sizeof(*puts));
	for (const struct put *p = m->puts; p != NULL; p = p->next) {
		if (!accepted && p->when != MT_ALWAYS)
			continue;
		puts[*count] = (struct state_put){ .value = p->value,
			.until_s = m->now + p->ttl_s };
		memcpy(puts[(*count)++].key, p->key.ptr, HASH_SIZE);
	}
	return puts;
}

/* Refusals, duplicates, and entries without a mail. */
static void
commit_record(struct commit *c, const struct audit_event *event)
{
	const struct slot *slot = c->has_slot ? &c->slot : NULL;

	if (audit_entry(&c->arena, event, slot, &c->entry) != 0) {
		log_error("an audit entry of %s cannot be made", event->event);
		if (slot != NULL)
			slots_return(c->engine->slots, &c->slot);
		if (c->mail != NULL)
			reply(c);
		commit_free(c);
		return;
	}
	if (slot != NULL)
		c->entry.keep_until_s = event->time_s + REFUSAL_KEEP_S;
	c->record = (struct queue_record){ .now_s = event->time_s,
		.entries = &c->entry, .entry_count = 1,
		.job = { .done = record_done, .arg = c } };
	if (c->mail != NULL)
		c->record.puts = puts_of(c, false, &c->record.put_count);
	queue_record(c->engine->store, &c->record);
}

static void
without_personal(struct audit_event *e)
{
	e->email = e->ip = e->user_agent = e->parameters = e->detail = e->report = SPAN("");
	if (!e->intent_known)
		e->intent = SPAN("");
}

static void
refuse(struct commit *c)
{
	struct audit_event event;

	record_mail(c->engine, c->mail, &c->arena, &event);
	if (!c->has_slot)
		without_personal(&event);
	commit_record(c, &event);
}

static void
accept_done(struct store_job *job)
{
	struct commit *c = job->arg;
	struct engine *e = c->engine;
	struct mail *m = c->mail;

	engine_committed(e);
	if (!c->accept.duplicate) {
		log_info("accepted event=%s route=%s disposition=%s", m->event,
		    m->route->address,
		    disposition_name((enum disposition)m->verdict.disposition));
		foresight_learn(e->foresight, m);
		reply(c);
		if (c->accept.target_count > 0 || c->accept.hold_count > 0)	/* answers, too */
			dispatch_wake(e->dispatch);
		commit_free(c);
		return;
	}
	snprintf(m->duplicate_of, sizeof(m->duplicate_of), "%s", c->accept.holder);
	m->verdict = verdict_host(550, "5.7.1", "host.duplicate",
	    "this mail was accepted before");
	if (!c->accept.holder_seen) {
		m->verdict.disposition = DUPLICATE;
		m->verdict.code = 250;
		snprintf(m->verdict.enhanced, sizeof(m->verdict.enhanced), "2.0.0");
	}
	refuse(c);
}

static const struct state_claim *
claims_of(struct commit *c, size_t *count)
{
	struct state_claim *claims;
	size_t n = 0;

	for (const struct claim *k = c->mail->held; k != NULL; k = k->next_held)
		n++;
	claims = arena_alloc(&c->arena, n * sizeof(*claims));
	*count = n;
	for (const struct claim *k = c->mail->held; k != NULL; k = k->next_held) {
		memcpy(claims[--n].key, k->key, HASH_SIZE);
		claims[n].limit = k->limit;
		claims[n].window_s = k->window_s;
	}
	return claims;
}

/* HMAC(installation key, dedupe key, stage, action): the same for every
 * attempt and for the same mail offered again. */
static void
target_key(struct engine *e, const struct mail *m, const char *stage, uint8_t out[HASH_SIZE])
{
	uint8_t dedupe[HASH_SIZE] = { 0 };
	struct mt_span raw[] = { m->raw.span, m->envelope.sender, m->envelope.rcpt };
	struct mt_span parts[] = { span_make(dedupe, sizeof(dedupe)), span_of(stage),
		SPAN("\0action 0") };

	if (m->has_message_key)
		memcpy(dedupe, m->message_key, sizeof(dedupe));
	else
		hash_hmac(e->installation_key, raw, 3, dedupe);
	hash_hmac(e->installation_key, parts, 3, out);
}

static const struct queue_target *
targets_of(struct commit *c, size_t *count)
{
	const struct mail *m = c->mail;
	struct queue_target *t = arena_alloc(&c->arena,
	    m->route->deliver_count * sizeof(*t));

	*count = m->route->deliver_count;
	for (size_t i = 0; i < m->route->deliver_count; i++) {
		const char *stage = m->pipeline->settings->stages[m->route->deliver[i]].name;

		snprintf(t[i].stage, sizeof(t[i].stage), "%s", stage);
		target_key(c->engine, m, stage, t[i].key);
	}
	return t;
}

static const struct queue_releaser *
holds_of(struct commit *c, size_t *count)
{
	struct queue_releaser *r = arena_alloc(&c->arena, QUEUE_HOLDS_MAX * sizeof(*r));
	const struct mail *m = c->mail;

	*count = 0;
	for (const struct hold *h = m->holds; h != NULL && *count < QUEUE_HOLDS_MAX; h = h->next) {
		snprintf(r[*count].name, sizeof(r[*count].name), "%.*s",
		    (int)h->releaser.len, h->releaser.ptr);
		r[(*count)++].until_s = h->expire_s == 0 ? 0 : m->now + h->expire_s;
	}
	if (m->verdict.disposition == QUARANTINED && *count < QUEUE_HOLDS_MAX)
		snprintf(r[(*count)++].name, QUEUE_NAME_SIZE, "operator");
	return r;
}

/* What it answers, who wrote it, and whether that person is told what comes of it. */
static void
correspondence(struct commit *c)
{
	struct engine *e = c->engine;
	const struct mail *m = c->mail;
	struct queue_accept *a = &c->accept;

	if (!reply_person(e, m, c->person))
		return;		/* else anybody might hold up a thread, or take its name */
	a->person = c->person;
	if (m->route->deliver_count > 0) {	/* else there is nothing a reply could be about */
		thread_names(e->installation_key, span_of(m->route->address), &m->view,
		    &c->names);
		memcpy(c->names.event, m->reply_event, sizeof(c->names.event));
		a->names = &c->names;
	}
	if (!answer_is_due(m))
		return;
	c->answers = (struct queue_answers){ .budget = answer_budget(m->pipeline->settings) };
	target_key(e, m, ANSWER_STAGE, c->answers.root);
	if (a->hold_count > 0)
		c->answers.told = answer_held(m, &c->arena);
	a->answers = &c->answers;
}

/* The mail as it is kept: with a Received field in front, unless its header is
 * as large as one may be. */
static struct mt_span
raw_traced(struct commit *c)
{
	const struct mail *m = c->mail;
	struct trace trace = { .envelope = &m->envelope, .event = m->event,
		.hostname = m->pipeline->settings->hostname, .time_s = m->now };

	if (m->view.field_count >= VIEW_FIELDS_MAX ||
	    m->view.body_offset > VIEW_HEADER_BYTES_MAX - TRACE_MAX)
		return m->raw.span;
	buf_reserve(&c->raw, TRACE_MAX + m->raw.span.len);
	trace_format(&c->raw, &trace);
	buf_add(&c->raw, m->raw.span.ptr, m->raw.span.len);
	return buf_span(&c->raw);
}

static void
accept_mail(struct commit *c)
{
	struct engine *e = c->engine;
	struct mail *m = c->mail;
	struct queue_accept *a = &c->accept;
	struct audit_event event;

	record_mail(e, m, &c->arena, &event);
	if (audit_entry(&c->arena, &event, &c->slot, &c->entry) != 0)
		log_panic("an audit entry of %s cannot be made", m->event);
	message_pack(&c->head, m);
	*a = (struct queue_accept){ .job = { .done = accept_done, .arg = c },
		.event = m->event, .route = m->route->address, .now_s = m->now,
		.retain_until_s = m->now + m->route->retain_s,
		.give_up_s = m->now + m->pipeline->settings->limits.deliver_age_s,
		.slot = c->slot, .head = buf_span(&c->head), .raw = raw_traced(c),
		.entries = &c->entry, .entry_count = 1 };
	a->claims = claims_of(c, &a->claim_count);
	a->puts = puts_of(c, true, &a->put_count);
	a->targets = targets_of(c, &a->target_count);
	a->holds = holds_of(c, &a->hold_count);
	correspondence(c);
	queue_accept(e->store, a);
}

void
commit_mail(struct engine *e, struct mail *m)
{
	struct commit *c = commit_new(e, m);

	m->committing = true;
	if (m->verdict.code >= 400 || m->verdict.disposition == DUPLICATE) {
		refuse(c);
		return;
	}
	if (c->has_slot) {
		accept_mail(c);
		return;
	}
	m->verdict = verdict_host(451, "4.3.0", "host.keys",
	    "no key is at hand to keep the mail; try again later");
	refuse(c);
}

void
commit_early(struct engine *e, bool all)
{
	struct early_entry entry;

	while (early_take(e->early, now_s(), all, &entry)) {
		struct commit *c = commit_new(e, NULL);
		struct audit_event event = { .time_s = entry.first_s,
			.ip = span_of(entry.client), .action = SPAN("connect"),
			.status = AUDIT_REFUSED, .reason = span_of(entry.reason),
			.detail = span_of(entry.text), .count = entry.count };
		char id[40];

		event_make(id);
		event.event = arena_string(&c->arena, span_of(id));
		if (!c->has_slot)
			without_personal(&event);
		commit_record(c, &event);
	}
}
