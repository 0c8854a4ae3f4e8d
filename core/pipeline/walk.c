/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk over the stages, in the written order.  Neighbours that share a
 * worker and a policy go in one call, a segment.  What comes back is
 * believed only as far as the stages declared it.
 */
#include "pipeline/mail.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "base/proto.h"
#include "mail/patch.h"
#include "pipeline/walk.h"

/* Parts of the judge's time. */
enum { SHARE = 4, MARGIN = 10 };

static bool
takes_part(const struct mail *m, uint32_t stage)
{
	const struct setting_stage *s = &m->pipeline->settings->stages[stage];
	uint32_t callback = m->phase == PHASE_ENVELOPE ?
	    DESCRIPTOR_ENVELOPE : DESCRIPTOR_MESSAGE;

	return (s->descriptor.callbacks & callback) != 0 &&
	    (m->only == NULL || m->only[stage]);
}

/* Its breaker is open: its policy without a call.  True: stop here. */
static bool
stage_is_absent(struct mail *m, const struct setting_stage *s)
{
	struct outcome o = { .returned = -1, .stage = m->cursor };

	snprintf(o.result.reason, sizeof(o.result.reason), "host.stage.unavailable");
	mail_check_add(m, (struct check){ .stage = s->name, .phase = m->phase,
	    .verdict = "failed", .reason = "host.stage.unavailable",
	    .text = "its probe fails" });
	return verdict_add(&m->verdict, s, m->phase, &o);
}

/* False: no stage is left. */
static bool
segment_next(struct mail *m)
{
	const struct settings *s = m->pipeline->settings;
	const struct setting_stage *first = NULL;

	m->segment_count = 0;
	for (; m->cursor < s->pipeline_count; m->cursor++) {
		const struct setting_stage *stage = &s->stages[m->cursor];

		if (!takes_part(m, m->cursor))
			continue;
		if (m->segment_count == CALL_STAGES_MAX)
			break;
		if (breaker_is_open(m->pipeline, m->cursor)) {
			if (m->segment_count > 0)
				break;
			if (stage_is_absent(m, stage))
				return false;
			continue;
		}
		if (first == NULL)
			first = stage;
		else if (m->pipeline->workers[m->cursor] !=
		    m->pipeline->workers[m->segment[0]] ||
		    stage->on_error != first->on_error)
			break;
		m->segment[m->segment_count++] = m->cursor;
	}
	return m->segment_count > 0;
}

static uint32_t
remaining_ms(const struct mail *m)
{
	int64_t left = m->deadline_ms - clock_ms();

	return left < 0 ? 0 : (uint32_t)left;
}

static void
call_send(struct mail *m, struct channel *c)
{
	struct call call = { .phase = m->phase, .now = m->now,
		.remaining_ms = remaining_ms(m), .stage_count = m->segment_count,
		.event = span_of(m->event), .envelope = m->envelope,
		.intent = m->intent, .facts = &m->facts, .answers = &m->answers,
		.raw = m->raw.span, .raw_fd = m->raw.fd,
		.view = m->view_block.span, .view_fd = m->view_block.fd };
	struct call_fds fds;
	struct buf b = { 0 };

	memcpy(call.stages, m->segment, sizeof(call.stages));
	if (call_pack(&b, &call, &fds) != 0)
		log_panic("out of descriptors");
	m->answers_sent = m->answers.tail;
	channel_send(c, PROTO_CALL, m->request.id, buf_span(&b), fds.fd, fds.count);
	call_fds_close(&fds);
	buf_free(&b);
}

static void
worker_send(struct request *r, struct channel *c)
{
	struct mail *m = r->arg;
	struct buf b = { 0 };

	if (!r->held) {
		call_send(m, c);
		return;
	}
	answers_pack_since(&b, m->answers_sent);
	m->answers_sent = m->answers.tail;
	channel_send(c, PROTO_ANSWERS, r->id, buf_span(&b), NULL, 0);
	buf_free(&b);
}

static const char *
verdict_word(const struct outcome *o)
{
	static const char *const words[] = { "continue", "reject", "tempfail" };

	if (o->returned != 0 || o->result.verdict < 0 || o->result.verdict > MT_TEMPFAIL)
		return "failed";
	return words[o->result.verdict];
}

static const char *
clean(struct arena *a, const char *text)
{
	char *copy = arena_string(a, span_of(text));

	for (char *p = copy; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return copy;
}

/* Aloud, and what was decided: then the host need not say it again. */
static bool
line_names(const struct line *l, const char *reason)
{
	return l->level >= MT_INFO && reason[0] != '\0' &&
	    memmem(l->text.ptr, l->text.len, reason, strlen(reason)) != NULL;
}

static bool
lines_name(const struct line *lines, const char *reason)
{
	while (lines != NULL && !line_names(lines, reason))
		lines = lines->next;
	return lines != NULL;
}

static void
lines_log(const struct mail *m, const struct setting_stage *s, const struct outcome *o)
{
	for (const struct line *l = o->lines; l != NULL; l = l->next) {
		char text[1200];

		snprintf(text, sizeof(text), "%.*s", (int)l->text.len, l->text.ptr);
		for (char *p = text; *p != '\0'; p++)
			if ((unsigned char)*p < 0x20 || (unsigned char)*p == 0x7f)
				*p = '?';
		if (!m->pipeline->check)
			log_at((enum log_level)(l->level & 3), "%s: %s event=%s", s->name,
			    text, m->event);
	}
}

/* Facts it did not declare, or wrote before: it lied, so it failed. */
static void
facts_take(struct mail *m, const struct setting_stage *s, struct outcome *o)
{
	for (const struct fact *f = o->facts.head; f != NULL; f = f->next) {
		int error = facts_add(&m->facts, s->name, s->descriptor.writes, &f->value);

		if (error == 0)
			continue;
		o->returned = -1;
		snprintf(o->result.reason, sizeof(o->result.reason), "host.stage.lied");
		log_error("stage %s wrote a fact it may not write: %s", s->name,
		    strerror(error));
		return;
	}
}

/* Values are kept under the HMAC of stage and key, as claims are. */
static void
append_puts(struct mail *m, const struct setting_stage *s, struct put *puts)
{
	struct pipeline *p = m->pipeline;
	struct put **at = &m->puts;

	while (*at != NULL)
		at = &(*at)->next;
	*at = puts;
	for (; puts != NULL; puts = puts->next) {
		uint8_t *key = arena_alloc(&m->arena, CLAIM_KEY_SIZE);

		p->ops.claim_key(p->ops.arg, span_of(s->name), puts->key, key);
		puts->key = span_make(key, CLAIM_KEY_SIZE);
	}
}

static void
append_holds(struct mail *m, struct hold *holds)
{
	struct hold **at = &m->holds;

	while (*at != NULL)
		at = &(*at)->next;
	*at = holds;
}

static void
append_edits(struct edit **list, struct edit *edits)
{
	while (*list != NULL)
		list = &(*list)->next;
	*list = edits;
}

/* True: the verdict stands, nothing further runs. */
static bool
outcome_take(struct mail *m, struct outcome *o)
{
	const struct setting_stage *s = &m->pipeline->settings->stages[o->stage];
	struct check check = { .stage = s->name, .phase = m->phase, .us = o->us };

	facts_take(m, s, o);
	lines_log(m, s, o);
	check.verdict = verdict_word(o);
	if (o->returned != 0)
		breaker_failed(m->pipeline, o->stage);
	check.reason = clean(&m->arena, o->result.reason);
	check.text = clean(&m->arena, o->result.text);
	mail_check_add(m, check);
	if (o->returned == 0) {
		append_puts(m, s, o->puts);
		append_holds(m, o->holds);
	}
	if (!verdict_add(&m->verdict, s, m->phase, o))
		return false;
	m->logged = lines_name(o->lines, m->verdict.reason);
	return true;
}

static void
finish(struct mail *m)
{
	struct verdict v = m->verdict;

	if (m->duplicate_of[0] != '\0' && v.disposition == REJECTED) {
		v.disposition = DUPLICATE;
		v.code = 250;
		snprintf(v.enhanced, sizeof(v.enhanced), "2.0.0");
	}
	mail_judge(m, v);
}

static void
bytes_set(struct mail *m, struct mail_bytes raw, struct mail_bytes view, const struct view *opened)
{
	suspect_know(m);
	mail_bytes_free(&m->raw);
	mail_bytes_free(&m->view_block);
	m->raw = raw;
	m->view_block = view;
	m->view = *opened;
}

/* The parser made the new bytes: on with the stages behind the one that
 * edited. */
static void
edited(struct mail *m, struct frame *f)
{
	struct unpack u = unpack_of(f->body);
	bool ok = unpack_u8(&u) == 1;
	struct mail_bytes raw = { .fd = -1 }, view = { .fd = -1 };
	struct view opened;

	unpack_span(&u);
	if (!ok || mail_bytes_take(&u, f, &raw) != 0 || mail_bytes_take(&u, f, &view) != 0 ||
	    view_open(&opened, view.span, raw.span) != 0) {
		mail_bytes_free(&raw);
		mail_bytes_free(&view);
		mail_judge(m, verdict_host(451, "4.3.0", "host.edit.failed",
		    "the mail could not be edited; try again later"));
		return;
	}
	bytes_set(m, raw, view, &opened);
	append_edits(&m->edits, m->pending_edits);
	if (mail_intent_kept(m))
		mail_walk(m);
}

static void
edit_replied(struct request *r, struct frame *f)
{
	struct mail *m = r->arg;

	m->running = false;
	if (!mail_is_over(m))
		edited(m, f);
}

static void
edit_lost(struct request *r, const char *why)
{
	struct mail *m = r->arg;

	(void)why;
	m->running = false;
	if (r->blamed)
		suspect_killed(m, SUSPECT_PARSER);
	if (!mail_is_over(m))
		mail_judge(m, verdict_host(451, "4.3.0", "host.parser.failed",
		    "the mail could not be edited; try again later"));
}

static void
edit_send(struct request *r, struct channel *c)
{
	struct mail *m = r->arg;
	struct buf b = { 0 };
	uint32_t n = 0;

	for (const struct edit *e = m->pending_edits; e != NULL; e = e->next)
		n++;
	pack_u32(&b, n);
	for (const struct edit *e = m->pending_edits; e != NULL; e = e->next)
		edit_pack(&b, &e->value);
	if (m->raw.fd >= 0)
		bytes_pack_fd(&b, m->raw.span.len);
	else if (bytes_pack(&b, m->raw.span) != -1)
		log_panic("a message beyond the inline limit without its memfd");
	channel_send(c, PROTO_APPLY, r->id, buf_span(&b), &m->raw.fd, m->raw.fd >= 0);
	buf_free(&b);
}

static void
edits_send(struct mail *m)
{
	m->request = (struct request){ .id = m->id,
		.deadline_ms = m->pipeline->settings->limits.judge_ms / 2,
		.send = edit_send, .reply = edit_replied, .lost = edit_lost, .arg = m };
	m->running = true;
	pool_submit(m->pipeline->parser, &m->request);
}

/* False: only the parser can. */
static bool
patched(struct mail *m, struct edit *list)
{
	struct buf raw = { 0 }, block = { 0 };
	struct mail_bytes new_raw, new_view;
	struct view opened;
	size_t count;
	const struct mt_edit *edits = edits_array(list, &m->arena, &count);

	if (patch_apply(&m->view, edits, count, &raw, &block) != 0 ||
	    view_open(&opened, buf_span(&block), buf_span(&raw)) != 0) {
		buf_free(&raw);
		buf_free(&block);
		return false;
	}
	new_raw = (struct mail_bytes){ .span = buf_span(&raw), .own = raw.p, .fd = -1 };
	new_view = (struct mail_bytes){ .span = buf_span(&block), .own = block.p, .fd = -1 };
	bytes_set(m, new_raw, new_view, &opened);
	append_edits(&m->edits, list);
	return true;
}

enum taken {
	TAKEN_ALL,	/* on to the next segment */
	TAKEN_STOP,	/* the verdict stands */
	TAKEN_EDIT,	/* pending_edits first, then on at the cursor */
	TAKEN_LIED
};

/* The outcomes of a segment, each against the view the one before it left.
 * A stage that is left out would be a check that never ran: only edits the
 * parser has to make may end a segment early. */
static enum taken
outcomes_take(struct mail *m, struct outcome *o)
{
	uint32_t at = 0;

	for (struct outcome *next; o != NULL; o = next) {
		next = o->next;
		if (at == m->segment_count || o->stage != m->segment[at++])
			return TAKEN_LIED;
		if (outcome_take(m, o))
			return TAKEN_STOP;
		if (o->returned != 0 || o->edits == NULL || m->phase != PHASE_MESSAGE ||
		    patched(m, o->edits))
			continue;
		if (next != NULL)
			return TAKEN_LIED;
		m->pending_edits = o->edits;
		if (at < m->segment_count)
			m->cursor = m->segment[at];
		return TAKEN_EDIT;
	}
	return at < m->segment_count ? TAKEN_LIED : TAKEN_ALL;
}

static void
results(struct mail *m, struct frame *f)
{
	struct unpack u = unpack_of(f->body);
	struct outcome *outcomes;
	struct asked *ahead;
	enum taken taken;

	if (outcomes_unpack(&u, &m->arena, &outcomes, &ahead) != 0 || outcomes == NULL) {
		log_error("a worker of %s gave a result that cannot be read",
		    m->pipeline->settings->stages[m->segment[0]].group);
		mail_judge(m, verdict_host(451, "4.3.0", "host.stage.failed",
		    "a check failed; try again later"));
		return;
	}
	taken = outcomes_take(m, outcomes);
	if (taken == TAKEN_LIED) {
		mail_judge(m, verdict_host(451, "4.3.0", "host.stage.lied",
		    "a check failed; try again later"));
		return;
	}
	mail_ask(m, ahead);
	if (taken == TAKEN_STOP)
		finish(m);
	else if (taken == TAKEN_EDIT)
		edits_send(m);
	else
		mail_walk(m);
}

static void
worker_replied(struct request *r, struct frame *f)
{
	struct mail *m = r->arg;
	struct unpack u = unpack_of(f->body);
	struct asked *asked;

	m->running = f->type == PROTO_WAIT;
	if (m->ended || m->phase == 0) {
		if (m->running && pool_cancel(r))
			m->running = false;
		mail_is_over(m);
		return;
	}
	if (f->type != PROTO_WAIT) {
		results(m, f);
		return;
	}
	if (asked_unpack(&u, &m->arena, &asked) != 0 || !unpack_done(&u) || asked == NULL) {
		mail_judge(m, verdict_host(451, "4.3.0", "host.stage.failed",
		    "a check failed; try again later"));
		return;
	}
	mail_ask_and_wait(m, asked);
}

/* The worker died or hung with this mail in hand: the policy of its stages. */
static void
worker_lost(struct request *r, const char *why)
{
	struct mail *m = r->arg;
	const struct setting_stage *s;
	struct outcome o = { .returned = -1 };

	m->running = false;
	for (uint32_t i = 0; r->blamed && i < m->segment_count; i++)
		breaker_failed(m->pipeline, m->segment[i]);
	s = &m->pipeline->settings->stages[m->segment[0]];
	if (r->blamed)
		suspect_killed(m, s->group);
	if (mail_is_over(m))
		return;
	o.stage = m->segment[0];
	snprintf(o.result.reason, sizeof(o.result.reason), "%s",
	    strstr(why, "deadline") != NULL ? "host.stage.timeout" : "host.stage.failed");
	mail_check_add(m, (struct check){ .stage = s->name, .phase = m->phase,
	    .verdict = "failed", .reason = arena_string(&m->arena,
	    span_of(o.result.reason)), .text = why });
	if (r->blamed && suspect_stops(m, s->group))
		return;
	if (verdict_add(&m->verdict, s, m->phase, &o))
		finish(m);
	else
		mail_walk(m);
}

void
mail_continue(struct mail *m)
{
	pool_submit(m->pipeline->workers[m->segment[0]], &m->request);
}

/* One that hangs is to be killed, and counted, before the judge's time is over;
 * but a mail that waited for others has its share all the same, lest it be
 * blamed for them. */
static uint32_t
segment_deadline_ms(const struct mail *m)
{
	uint32_t judge = m->pipeline->settings->limits.judge_ms, left = remaining_ms(m), sum = 0;
	uint32_t share = judge / SHARE, margin = judge / MARGIN;
	uint32_t most = left > share + margin ? left - margin : share;

	for (uint32_t i = 0; i < m->segment_count; i++)
		sum += m->pipeline->settings->stages[m->segment[i]].deadline_ms;
	return sum < most ? sum : most;
}

void
mail_walk(struct mail *m)
{
	if (!segment_next(m)) {
		finish(m);
		return;
	}
	m->request = (struct request){ .id = m->id,
		.deadline_ms = segment_deadline_ms(m), .send = worker_send,
		.reply = worker_replied, .lost = worker_lost, .arg = m };
	if (suspect_stops(m, m->pipeline->settings->stages[m->segment[0]].group))
		return;
	m->running = true;
	pool_submit(m->pipeline->workers[m->segment[0]], &m->request);
}
