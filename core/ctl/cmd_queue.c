/* SPDX-License-Identifier: BSD-2-Clause */
/* mailtrictl queue: what was accepted and what is still to be done for it. */
#include <stdlib.h>

#include "ctl/cmd_queue.h"

enum { PAGE = 1000 };

struct queue_options {
	const char *state;
	bool all;
};

static const struct option_row list_rows[] = {
	{ "state", 0, OPTION_STRING, offsetof(struct queue_options, state), "STATE",
	    "active, deferred, held, dead, done, refused or erasing" },
	{ "all", 'a', OPTION_FLAG, offsetof(struct queue_options, all), NULL,
	    "what is done or refused as well" },
	{ .name = NULL },
};

static const struct option_row retry_rows[] = {
	{ "all", 'a', OPTION_FLAG, offsetof(struct queue_options, all), NULL,
	    "everything that is deferred or dead" },
	{ .name = NULL },
};

/* The queue page by page, each object through fn. */
struct paging {
	control_object_fn fn;
	void *arg;
	json_int_t after;
	size_t got;
};

static void
on_paged(json_t *item, void *arg)
{
	struct paging *p = arg;

	p->after = json_integer_value(json_object_get(item, "id"));
	p->got++;
	p->fn(item, p->arg);
}

int
queue_page(struct context *c, const char *state, control_object_fn fn, void *arg)
{
	struct paging p = { .fn = fn, .arg = arg };
	int status;

	do {
		p.got = 0;
		status = context_call(c, json_pack("{s:s, s:s, s:I, s:i}", "command",
		    "queue.list", "state", state == NULL ? "" : state, "after",
		    p.after, "max", PAGE), on_paged, &p);
	} while (status == COMMAND_DONE && p.got == PAGE);
	return status;
}

static enum term_color
state_color(const char *state)
{
	static const struct { const char *state; enum term_color color; } colors[] = {
		{ "done", TERM_GOOD }, { "delivered", TERM_GOOD }, { "duplicate", TERM_GOOD },
		{ "deferred", TERM_WARN }, { "held", TERM_WARN }, { "paused", TERM_WARN },
		{ "dead", TERM_BAD }, { "failed", TERM_BAD },
	};

	for (size_t i = 0; state != NULL && i < sizeof(colors) / sizeof(colors[0]); i++)
		if (strcmp(colors[i].state, state) == 0)
			return colors[i].color;
	return TERM_PLAIN;
}

static bool
is_over(const json_t *item)
{
	const char *state = control_string(item, "state", "");

	return strcmp(state, "done") == 0 || strcmp(state, "refused") == 0 ||
	    strcmp(state, "erasing") == 0;
}

/* The target that has to say most: the last that is not delivered. */
static const json_t *
target_of(const json_t *item)
{
	const json_t *targets = json_object_get(item, "targets"), *t, *best;
	size_t i;

	best = json_array_get(targets, 0);
	json_array_foreach(targets, i, t)
		if (strcmp(control_string(t, "state", ""), "delivered") != 0)
			best = t;
	return best;
}

static const char *
or_null(const char *s)
{
	return s == NULL || *s == '\0' ? NULL : s;
}

struct listing {
	struct context *context;
	struct table table;
	bool over;		/* what is over, too */
};

static void
list_item(json_t *item, void *arg)
{
	struct listing *l = arg;
	struct arena *arena = &l->context->arena;
	const json_t *target = target_of(item);
	const char *state = member_text(arena, item, "state");
	struct cell row[] = {
		{ member_text(arena, item, "event"), TERM_PLAIN },
		{ state, state_color(state) },
		{ member_text(arena, item, "accepted"), TERM_PLAIN },
		{ member_text(arena, item, "route"), TERM_PLAIN },
		{ member_text(arena, target, "attempts"), TERM_PLAIN },
		{ member_text(arena, target, "due"), TERM_PLAIN },
		{ or_null(member_text(arena, target, "resource_id")), TERM_PLAIN },
		{ or_null(member_text(arena, target, "reason")), TERM_PLAIN },
	};

	if (is_over(item) && !l->over)
		return;
	if (l->context->json)
		command_json(l->context, item);
	else
		table_add(&l->table, row);
}

static int
list_run(struct context *c)
{
	static const char *const headings[] = { "EVENT", "STATE", "ACCEPTED", "ROUTE",
		"TRIES", "NEXT", "RESOURCE", "REASON" };
	const struct queue_options *o = c->own;
	struct listing l = { .context = c, .over = o->all || o->state != NULL };
	int status;

	table_init(&l.table, &c->arena, headings, 8);
	status = queue_page(c, o->state, list_item, &l);
	if (status == COMMAND_DONE && !c->json && l.table.rows > 0)
		table_print(&l.table, &c->term);
	else if (status == COMMAND_DONE && !c->json)
		fputs("nothing\n", c->term.out);
	return status;
}

/* Targets, or answers, which say what they tell. */
static void
targets_add(struct context *c, struct table *table, const json_t *targets)
{
	const json_t *t;
	size_t i;

	json_array_foreach(targets, i, t) {
		const char *state = member_text(&c->arena, t, "state");
		const char *outcome = control_string(t, "outcome", NULL);
		const char *stage = member_text(&c->arena, t, "stage");
		struct cell row[] = {
			{ outcome == NULL ? stage : arena_printf(&c->arena, "%s: %s", stage, outcome),
			    TERM_PLAIN },
			{ state, state_color(state) },
			{ member_text(&c->arena, t, "attempts"), TERM_PLAIN },
			{ member_text(&c->arena, t, "due"), TERM_PLAIN },
			{ member_text(&c->arena, t, "give_up"), TERM_PLAIN },
			{ member_text(&c->arena, t, "code"), TERM_PLAIN },
			{ or_null(member_text(&c->arena, t, "resource_id")), TERM_PLAIN },
			{ or_null(member_text(&c->arena, t, "reason")), TERM_PLAIN },
		};

		table_add(table, row);
	}
}

static void
targets_print(struct context *c, const json_t *item)
{
	static const char *const headings[] = { "TARGET", "STATE", "TRIES", "NEXT", "GIVE UP",
		"CODE", "RESOURCE", "REASON" };
	struct table table;

	table_init(&table, &c->arena, headings, 8);
	targets_add(c, &table, json_object_get(item, "targets"));
	targets_add(c, &table, json_object_get(item, "answers"));
	if (table.rows > 0) {
		fputc('\n', c->term.out);
		table_print(&table, &c->term);
	}
}

void
queue_item_print(struct context *c, const json_t *item)
{
	static const char *const names[][2] = { { "event", "event" }, { "state", "state" },
		{ "route", "route" }, { "accepted", "accepted" }, { "size", "size" },
		{ "answer seen", "answer_seen" }, { "keep until", "retain_until" },
		{ "held until", "hold_until" } };
	const json_t *releasers = json_object_get(item, "releasers");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		term_field(&c->term, names[i][0], member_text(&c->arena, item, names[i][1]));
	if (json_array_size(releasers) > 0)
		term_field(&c->term, "waits for", member_text(&c->arena, item, "releasers"));
	targets_print(c, item);
}

static void
on_shown(json_t *item, void *arg)
{
	struct context *c = arg;

	if (c->json)
		command_json(c, item);
	else
		queue_item_print(c, item);
}

static int
show_run(struct context *c)
{
	return context_call(c, json_pack("{s:s, s:s}", "command", "queue.show", "event",
	    c->operands.item[0]), on_shown, c);
}

void
queue_acted(json_t *answer, void *arg)
{
	struct context *c = arg;

	if (c->json)
		command_json(c, answer);
	else
		fprintf(c->term.out, "%s is %s\n", member_text(&c->arena, answer, "event"),
		    member_text(&c->arena, answer, "state"));
}

/* releaser NULL: the engine's own default. */
static int
act_event(struct context *c, const char *command, const char *event, const char *releaser)
{
	return context_call(c, json_pack("{s:s, s:s, s:s*}", "command", command, "event",
	    event, "releaser", releaser), queue_acted, c);
}

static int
release_run(struct context *c)
{
	return act_event(c, "queue.release", c->operands.item[0],
	    c->operands.count == 2 ? c->operands.item[1] : NULL);
}

static int
refuse_run(struct context *c)
{
	return act_event(c, "queue.refuse", c->operands.item[0], NULL);
}

static int
discard_run(struct context *c)
{
	return act_event(c, "queue.discard", c->operands.item[0], NULL);
}

static int
replay_run(struct context *c)
{
	return act_event(c, "queue.replay", c->operands.item[0], NULL);
}

static int
retry_event(struct context *c, const char *event)
{
	return act_event(c, "queue.retry", event, NULL);
}

static void
collect_item(json_t *item, void *arg)
{
	json_array_append(arg, json_object_get(item, "event"));
}

static int
retry_all(struct context *c)
{
	static const char *const states[] = { "deferred", "dead" };
	json_t *events = json_array();
	int status = COMMAND_DONE;

	for (size_t i = 0; i < 2 && status == COMMAND_DONE; i++)
		status = queue_page(c, states[i], collect_item, events);
	for (size_t i = 0; i < json_array_size(events) && status == COMMAND_DONE; i++) {
		term_progress(&c->term, "trying again", i, json_array_size(events));
		/* One that is done by now is no failure of this command. */
		retry_event(c, json_string_value(json_array_get(events, i)));
	}
	term_progress_end(&c->term);
	json_decref(events);
	return status;
}

static int
retry_run(struct context *c)
{
	const struct queue_options *o = c->own;

	if (o->all == (c->operands.count == 1)) {
		command_error("queue retry wants an event, or --all");
		return COMMAND_USAGE;
	}
	return o->all ? retry_all(c) : retry_event(c, c->operands.item[0]);
}

static void
on_paused(json_t *answer, void *arg)
{
	struct context *c = arg;
	bool changed = json_is_true(json_object_get(answer, "changed"));

	if (c->json)
		command_json(c, answer);
	else
		fprintf(c->term.out, "%s %s %s\n", c->operands.count == 0 ? "dispatch" :
		    member_text(&c->arena, answer, "stage"), changed ? "is" : "was",
		    json_is_true(json_object_get(answer, "paused")) ? "paused" : "running");
}

static int
pause_set(struct context *c, const char *command)
{
	return context_call(c, json_pack("{s:s, s:s*}", "command", command, "stage",
	    c->operands.count == 0 ? NULL : c->operands.item[0]), on_paused, c);
}

static int
pause_run(struct context *c)
{
	return pause_set(c, "queue.pause");
}

static int
resume_run(struct context *c)
{
	return pause_set(c, "queue.resume");
}

const struct command queue_commands[] = {
	{ "queue", "list", NULL, "messages with something still to be done", list_rows,
	    sizeof(struct queue_options), 0, 0, list_run },
	{ "queue", "show", "EVENT", "one message and its targets", NULL, 0, 1, 1, show_run },
	{ "queue", "retry", "[EVENT]", "try a deferred or dead message now", retry_rows,
	    sizeof(struct queue_options), 0, 1, retry_run },
	{ "queue", "release", "EVENT [RELEASER]", "let a held message go", NULL, 0, 1, 2,
	    release_run },
	{ "queue", "refuse", "EVENT", "end a held message", NULL, 0, 1, 1, refuse_run },
	{ "queue", "discard", "EVENT", "give a message up and erase it", NULL, 0, 1, 1,
	    discard_run },
	{ "queue", "replay", "EVENT", "hand a finished or dead message over again", NULL, 0, 1,
	    1, replay_run },
	{ "queue", "pause", "[STAGE]", "dispatch nothing, or not to it; mail is still taken", NULL,
	    0, 0, 1, pause_run },
	{ "queue", "resume", "[STAGE]", "dispatch again, as after a restore", NULL, 0, 0, 1,
	    resume_run },
	{ "queue", "dead", "ls | show | replay | discard [EVENT]", "what failed for good",
	    dead_rows, sizeof(struct dead_options), 0, 2, dead_run },
	{ .name = NULL },
};
