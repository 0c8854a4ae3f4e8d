/* SPDX-License-Identifier: BSD-2-Clause */
/* `mailtrictl reload': the master is asked, its answer becomes an audit record
 * and, once that is durable, the operator's. */
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/proto.h"

/* An operator who waits. */
struct waiter {
	struct waiter *next;
	struct control_reply *reply;
	uint32_t id;
};

struct reloads {
	struct engine *engine;
	struct waiter *waiters;
	uint32_t last_id;
};

/* An answer on its way to the disk and then to who asked. */
struct answer_of {
	struct queue_record record;
	struct journal_entry entry;
	struct arena arena;
	struct engine *engine;
	struct control_reply *reply;	/* NULL: it was a signal */
	uint32_t generation;
	bool reloaded;
	const char *problems;	/* one a line */
};

struct reloads *
reloads_new(struct engine *e)
{
	struct reloads *r = xcalloc(1, sizeof(*r));

	r->engine = e;
	return r;
}

void
reload_ask(struct control_reply *reply, void *arg)
{
	struct reloads *r = ((struct engine *)arg)->reloads;
	struct waiter *w = xcalloc(1, sizeof(*w));

	*w = (struct waiter){ .next = r->waiters, .reply = reply, .id = ++r->last_id };
	r->waiters = w;
	channel_send(r->engine->master, PROTO_RELOAD, w->id, SPAN(""), NULL, 0);
}

static void
reply_problems(struct control_reply *reply, const char *problems)
{
	while (*problems != '\0') {
		size_t len = strcspn(problems, "\n");
		json_t *text = json_stringn(problems, len);

		if (text != NULL)
			control_add(reply, json_pack("{s:o}", "problem", text));
		problems += len + (problems[len] == '\n');
	}
}

static void
reply_send(const struct answer_of *a)
{
	reply_problems(a->reply, a->problems);
	if (!a->reloaded) {
		control_fail(a->reply, "not reloaded: generation %u stays in force",
		    a->generation);
		return;
	}
	control_add(a->reply, json_pack("{s:I}", "generation", (json_int_t)a->generation));
	control_done(a->reply);
}

static void
recorded(struct store_job *job)
{
	struct answer_of *a = job->arg;

	engine_committed(a->engine);
	if (a->reply != NULL)
		reply_send(a);
	arena_free(&a->arena);
	free(a);
}

/* Nothing personal: what was wrong stands in the log. */
static void
record(struct answer_of *a)
{
	char id[40], operator[24] = "";
	struct audit_event event = { .event = id, .time_s = now_s(),
		.action = SPAN("mailtri.reload"), .permitted = true,
		.role = SPAN("operator"),
		.status = a->reloaded ? AUDIT_SUCCESS : AUDIT_REFUSED,
		.reason = a->reloaded ? SPAN("operator.reload") : SPAN("reload.refused") };

	event_make(id);
	if (a->reply != NULL)
		snprintf(operator, sizeof(operator), "uid:%u", control_uid(a->reply));
	event.operator = span_of(operator);
	event.resource_id = span_of(arena_printf(&a->arena, "generation-%u", a->generation));
	if (audit_entry(&a->arena, &event, NULL, &a->entry) != 0)
		log_panic("an audit entry of a reload cannot be made");
	a->record = (struct queue_record){ .now_s = event.time_s, .entries = &a->entry,
		.entry_count = 1, .job = { .done = recorded, .arg = a } };
	queue_record(a->engine->store, &a->record);
}

static void
answer(const struct answer_of *to_all, struct control_reply *reply)
{
	struct answer_of *a = xcalloc(1, sizeof(*a));

	*a = *to_all;
	a->reply = reply;
	a->problems = arena_string(&a->arena, span_of(to_all->problems));
	record(a);
}

void
reload_done(struct engine *e, struct frame *f)
{
	struct waiter **at = &e->reloads->waiters;
	struct unpack u = unpack_of(f->body);
	struct answer_of a = { .engine = e, .generation = unpack_u32(&u),
		.reloaded = unpack_u8(&u) != 0 };
	struct arena arena = { 0 };
	size_t answered = 0;

	a.problems = arena_string(&arena, unpack_span(&u));
	if (!unpack_done(&u))
		log_panic("a reload that cannot be read");
	while (*at != NULL) {
		struct waiter *w = *at;

		if (w->id > f->id) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		answer(&a, w->reply);
		answered++;
		free(w);
	}
	if (answered == 0)
		answer(&a, NULL);
	arena_free(&arena);
}
