/* SPDX-License-Identifier: BSD-2-Clause */
/* Running callbacks: the contract of runs, answers and results. */
#include "stage/message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "mail/patch.h"

static const struct mt_msg *current;

const struct mt_msg *
message_current(void)
{
	return current;
}

static int
frame_adopt(struct mt_msg *m, struct frame *f)
{
	m->frame = xmalloc(f->body.len);
	memcpy(m->frame, f->body.ptr, f->body.len);
	f->body.ptr = (const char *)m->frame;
	m->call.facts = &m->facts;
	m->call.answers = &m->answers;
	if (call_unpack(f, &m->call, &m->raw, &m->view_bytes) != 0)
		return EBADMSG;
	m->call.event = span_of(arena_string(&m->arena, m->call.event));
	if (m->call.view.len == 0)	/* no view: a message without fields */
		return 0;
	return view_open(&m->view, m->call.view, m->call.raw);
}

struct mt_msg *
message_new(const struct group *group, struct frame *f)
{
	struct mt_msg *m = xcalloc(1, sizeof(*m));

	m->group = group;
	facts_init(&m->facts, &m->arena);
	answers_init(&m->answers, &m->arena);
	m->outcome_tail = &m->outcomes;
	m->ahead_tail = &m->ahead;
	if (frame_adopt(m, f) != 0)
		goto fail;
	for (uint32_t i = 0; i < m->call.stage_count; i++)
		if (group_member(group, m->call.stages[i]) == NULL)
			goto fail;
	return m;
fail:
	message_free(m);
	return NULL;
}

void
message_free(struct mt_msg *m)
{
	bytes_free(&m->raw);
	bytes_free(&m->view_bytes);
	arena_free(&m->scratch);
	arena_free(&m->arena);
	free(m->frame);
	free(m);
}

int
message_answers(struct mt_msg *m, struct mt_span packed)
{
	struct unpack u = unpack_of(packed);

	if (answers_unpack(&u, &m->answers) != 0 || !unpack_done(&u))
		return EBADMSG;
	return 0;
}

void
message_answer(struct mt_msg *m, const struct answer *a)
{
	if (answers_find(&m->answers, a->question) == NULL)
		answers_add(&m->answers, a);
}

static void
run_begin(struct mt_msg *m)
{
	struct run *r = &m->run;
	struct outcome *o = arena_alloc(&m->arena, sizeof(*o));

	o->stage = m->member->index;
	o->result.size = sizeof(o->result);
	facts_init(&o->facts, &m->arena);
	*r = (struct run){ .outcome = o, .put_tail = &o->puts,
		.hold_tail = &o->holds, .line_tail = &o->lines,
		.edit_tail = &o->edits, .facts_mark = facts_mark(&m->facts),
		.deadline_ms = clock_ms() + m->call.remaining_ms };
	r->asked_tail = &r->asked;
}

static int
run_callback(struct mt_msg *m)
{
	const struct mt_stage *s = &m->member->loaded.stage;
	struct mt_result *result = &m->run.outcome->result;
	mt_inspect_fn inspect = m->call.phase == PHASE_ENVELOPE ?
	    s->envelope : s->message;

	if (m->call.phase == PHASE_PROBE)
		return s->probe == NULL ? 0 : s->probe(m->member->ctx, m, result);
	if (m->call.phase != PHASE_DELIVER)
		return inspect == NULL ? 0 : inspect(m->member->ctx, m, result);
	m->delivery = (struct delivery){ .value.size = sizeof(m->delivery.value),
		.value.status = MT_FAILED };
	return s->deliver(m->member->ctx, m,
	    arena_string(&m->scratch, m->call.key), &m->delivery.value);
}

static void
terminate(struct outcome *o, struct mt_delivery *d)
{
	struct mt_result *r = &o->result;

	r->enhanced[sizeof(r->enhanced) - 1] = '\0';
	r->reason[sizeof(r->reason) - 1] = '\0';
	r->text[sizeof(r->text) - 1] = '\0';
	d->resource_id[sizeof(d->resource_id) - 1] = '\0';
	d->resource_url[sizeof(d->resource_url) - 1] = '\0';
	d->reason[sizeof(d->reason) - 1] = '\0';
	d->text[sizeof(d->text) - 1] = '\0';
}

static void
fail(struct mt_msg *m, const char *text)
{
	struct mt_result *r = &m->run.outcome->result;

	m->run.outcome->returned = -1;
	m->delivery.returned = -1;
	snprintf(r->reason, sizeof(r->reason), "host.stage.contract");
	snprintf(r->text, sizeof(r->text), "%s", text);
}

/* The run counts: its facts are the stage's own, its questions asked ahead. */
static void
run_keep(struct mt_msg *m)
{
	struct run *r = &m->run;

	for (struct fact *f = *r->facts_mark; f != NULL; f = f->next)
		facts_add(&r->outcome->facts, f->writer, NULL, &f->value);
	*m->outcome_tail = r->outcome;
	m->outcome_tail = &r->outcome->next;
	if (r->asked != NULL) {
		*m->ahead_tail = r->asked;
		m->ahead_tail = r->asked_tail;
	}
	m->delivery.lines = r->outcome->lines;
}

static int64_t
cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static bool
is_verdict(int32_t verdict)
{
	return verdict >= MT_CONTINUE && verdict <= MT_TEMPFAIL;
}

/* One run of the stage at the cursor: MESSAGE_WAITS if it never happened. */
static enum message_state
stage_run(struct mt_msg *m)
{
	int64_t begun = cpu_us();
	int returned;

	run_begin(m);
	m->runs++;
	current = m;
	returned = run_callback(m);
	current = NULL;
	arena_reset(&m->scratch);
	terminate(m->run.outcome, &m->delivery.value);
	m->run.outcome->us = (uint32_t)(cpu_us() - begun);
	if (returned == MT_WAIT) {
		facts_rewind(&m->facts, m->run.facts_mark);
		if (m->run.asked != NULL && m->runs < MT_RUNS_MAX)
			return MESSAGE_WAITS;
		fail(m, m->run.asked == NULL ?
		    "the stage waits for an answer it did not ask for" :
		    "the stage needs more than 16 runs");
		m->run.asked = NULL;
		m->run.asked_tail = &m->run.asked;
	} else if (returned != 0 || !is_verdict(m->run.outcome->result.verdict)) {
		m->run.outcome->returned = -1;
		m->delivery.returned = -1;
	}
	run_keep(m);
	return MESSAGE_DONE;
}

static bool
stops(const struct mt_msg *m)
{
	const struct outcome *o = m->run.outcome;

	if (o->returned != 0)
		return m->member->setting->on_error == ON_ERROR_TEMPFAIL;
	return o->result.verdict != MT_CONTINUE;
}

/* What the stage edited, before the next one looks.  False: that is work for
 * the parser, and the next ones run in another call. */
static bool
message_edited(struct mt_msg *m)
{
	struct buf raw = { 0 }, block = { 0 };
	const struct mt_edit *edits;
	size_t count;
	bool patched;

	if (m->run.outcome->edits == NULL || m->run.outcome->returned != 0)
		return true;
	edits = edits_array(m->run.outcome->edits, &m->arena, &count);
	patched = patch_apply(&m->view, edits, count, &raw, &block) == 0;
	if (patched) {
		m->call.raw = arena_span(&m->arena, buf_span(&raw));
		m->call.view = arena_span(&m->arena, buf_span(&block));
		if (view_open(&m->view, m->call.view, m->call.raw) != 0)
			log_panic("a patched view that does not open");
	}
	buf_free(&raw);
	buf_free(&block);
	return patched;
}

enum message_state
message_run(struct mt_msg *m)
{
	while (m->cursor < m->call.stage_count) {
		m->member = group_member(m->group, m->call.stages[m->cursor]);
		if (stage_run(m) == MESSAGE_WAITS)
			return MESSAGE_WAITS;
		m->cursor++;
		m->runs = 0;
		if (stops(m) || (m->cursor < m->call.stage_count && !message_edited(m)))
			break;
	}
	return MESSAGE_DONE;
}
