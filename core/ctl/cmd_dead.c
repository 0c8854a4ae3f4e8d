/* SPDX-License-Identifier: BSD-2-Clause */
/* mailtrictl queue dead: what failed for good, why, and what is done about
 * it.  The engine's commands are those of mailtrictl queue. */
#include <stdlib.h>
#include <unistd.h>

#include "ctl/cmd_queue.h"

const struct option_row dead_rows[] = {
	{ "all", 'a', OPTION_FLAG, offsetof(struct dead_options, all), NULL,
	    "replay, discard: all of them" },
	{ "stage", 0, OPTION_STRING, offsetof(struct dead_options, stage), "STAGE",
	    "only those this stage could not deliver" },
	{ "yes", 'y', OPTION_FLAG, offsetof(struct dead_options, yes), NULL,
	    "discard: do not ask" },
	{ .name = NULL },
};

/* The target that failed, of that stage where one is named; NULL: none. */
static const json_t *
failed_of(const json_t *item, const char *stage)
{
	const json_t *t;
	size_t i;

	json_array_foreach(json_object_get(item, "targets"), i, t)
		if (strcmp(control_string(t, "state", ""), "failed") == 0 && (stage == NULL ||
		    strcmp(control_string(t, "stage", ""), stage) == 0))
			return t;
	return NULL;
}

/* The last sentence of the target's stage, out of the audit log: there it is
 * sealed, and gone when its key is. */
struct sentence {
	const char *stage;
	json_t *detail;
};

static void
on_record(json_t *record, void *arg)
{
	struct sentence *s = arg;
	const char *stage = control_string(json_object_get(record, "dispatch"), "stage", "");
	json_t *detail = json_object_get(json_object_get(record, "result"), "detail");

	if (strcmp(stage, s->stage) != 0 || !json_is_string(detail) ||
	    json_string_length(detail) == 0)
		return;
	json_decref(s->detail);
	s->detail = json_incref(detail);
}

/* The target with its message's event and route, and its sentence. */
static json_t *
letter_new(struct context *c, const json_t *item, const json_t *target)
{
	struct sentence s = { .stage = control_string(target, "stage", "") };
	json_t *letter = json_object();

	context_call(c, json_pack("{s:s, s:s}", "command", "audit.show", "event",
	    control_string(item, "event", "")), on_record, &s);
	json_object_set(letter, "event", json_object_get(item, "event"));
	json_object_set(letter, "accepted", json_object_get(item, "accepted"));
	json_object_set(letter, "route", json_object_get(item, "route"));
	json_object_set(letter, "stage", json_object_get(target, "stage"));
	json_object_set(letter, "attempts", json_object_get(target, "attempts"));
	json_object_set(letter, "code", json_object_get(target, "code"));
	json_object_set(letter, "reason", json_object_get(target, "reason"));
	json_object_set_new(letter, "text", s.detail != NULL ? s.detail : json_null());
	return letter;
}

/* Items of the dead, each with a failed target. */
static void
collect(json_t *item, void *arg)
{
	json_array_append(arg, item);
}

static int
dead_collect(struct context *c, json_t **out)
{
	const struct dead_options *o = c->own;
	json_t *all = json_array(), *item;
	int status = queue_page(c, "dead", collect, all);
	size_t i;

	*out = json_array();
	json_array_foreach(all, i, item)
		if (o->stage == NULL || failed_of(item, o->stage) != NULL)
			json_array_append(*out, item);
	json_decref(all);
	return status;
}

static void
letter_row(struct context *c, struct table *table, const json_t *letter)
{
	struct arena *a = &c->arena;
	struct cell row[] = {
		{ member_text(a, letter, "event"), TERM_PLAIN },
		{ member_text(a, letter, "stage"), TERM_PLAIN },
		{ member_text(a, letter, "attempts"), TERM_PLAIN },
		{ member_text(a, letter, "code"), TERM_PLAIN },
		{ member_text(a, letter, "reason"), TERM_BAD },
		{ member_text(a, letter, "text"), TERM_PLAIN },
	};

	table_add(table, row);
}

static int
ls_run(struct context *c)
{
	static const char *const headings[] = { "EVENT", "STAGE", "TRIES", "CODE", "REASON",
		"TEXT" };
	const struct dead_options *o = c->own;
	struct table table;
	json_t *items, *item;
	int status = dead_collect(c, &items);
	size_t i;

	table_init(&table, &c->arena, headings, 6);
	json_array_foreach(items, i, item) {
		const json_t *target = failed_of(item, o->stage);
		json_t *letter = letter_new(c, item, target);

		if (c->json)
			command_json(c, letter);
		else
			letter_row(c, &table, letter);
		json_decref(letter);
	}
	json_decref(items);
	if (status == COMMAND_DONE && !c->json && table.rows > 0)
		table_print(&table, &c->term);
	else if (status == COMMAND_DONE && !c->json)
		fputs("nothing\n", c->term.out);
	return status;
}

/* ---- one ---- */

static void
keep(json_t *item, void *arg)
{
	*(json_t **)arg = json_incref(item);
}

static int
show_run(struct context *c)
{
	const char *event = c->operands.item[1];
	json_t *item = NULL, *letters = json_array(), *t;
	int status = context_call(c, json_pack("{s:s, s:s}", "command", "queue.show", "event",
	    event), keep, &item);
	size_t i;

	if (status == COMMAND_DONE && strcmp(control_string(item, "state", ""), "dead") != 0) {
		command_error("%s is %s, not dead", event, member_text(&c->arena, item, "state"));
		status = COMMAND_FAILED;
	}
	json_array_foreach(json_object_get(item, "targets"), i, t)
		if (status == COMMAND_DONE && strcmp(control_string(t, "state", ""), "failed") == 0)
			json_array_append_new(letters, letter_new(c, item, t));
	if (status == COMMAND_DONE && c->json) {
		json_object_set(item, "failed", letters);
		command_json(c, item);
	} else if (status == COMMAND_DONE) {
		queue_item_print(c, item);
		json_array_foreach(letters, i, t) {
			fputc('\n', c->term.out);
			term_field(&c->term, "stage", member_text(&c->arena, t, "stage"));
			term_field(&c->term, "reason", member_text(&c->arena, t, "reason"));
			term_field(&c->term, "text", member_text(&c->arena, t, "text"));
		}
	}
	json_decref(letters);
	json_decref(item);
	return status;
}

/* Only what is still dead when the engine comes to it. */
static int
act_one(struct context *c, const char *command, const char *event)
{
	return context_call(c, json_pack("{s:s, s:s, s:s}", "command", command, "event", event,
	    "state", "dead"), queue_acted, c);
}

/* One that is no longer dead by now is no failure of this command. */
static int
act_all(struct context *c, const char *command, const json_t *items)
{
	size_t i, count = json_array_size(items);
	const json_t *item;

	json_array_foreach(items, i, item) {
		term_progress(&c->term, command, i, count);
		act_one(c, command, control_string(item, "event", ""));
	}
	term_progress_end(&c->term);
	if (count == 0 && !c->json)
		fputs("nothing\n", c->term.out);
	return COMMAND_DONE;
}

static int
act_run(struct context *c, const char *command, bool (*agreed)(struct context *, size_t))
{
	const struct dead_options *o = c->own;
	json_t *items = NULL;
	int status;

	if (o->all == (c->operands.count == 2) || (o->stage != NULL && !o->all)) {
		command_error("queue dead %s wants an event, or --all, which may have --stage",
		    c->operands.item[0]);
		return COMMAND_USAGE;
	}
	if (!o->all)
		return agreed(c, 1) ? act_one(c, command, c->operands.item[1]) : COMMAND_USAGE;
	status = dead_collect(c, &items);
	if (status == COMMAND_DONE && json_array_size(items) > 0 &&
	    !agreed(c, json_array_size(items)))
		status = COMMAND_USAGE;
	if (status == COMMAND_DONE)
		status = act_all(c, command, items);
	json_decref(items);
	return status;
}

static bool
always(struct context *c, size_t count)
{
	(void)c;
	(void)count;
	return true;
}

/* What is discarded is gone: a person says yes, or a script --yes. */
static bool
asked(struct context *c, size_t count)
{
	const struct dead_options *o = c->own;
	char answer[16] = "";

	if (o->yes)
		return true;
	if (!isatty(STDIN_FILENO)) {
		command_error("what is discarded is erased: add --yes");
		return false;
	}
	fprintf(stderr, "Erase %zu dead message%s for good? [y/N] ", count, count == 1 ? "" : "s");
	return fgets(answer, sizeof(answer), stdin) != NULL && (*answer == 'y' || *answer == 'Y');
}

static int
replay_run(struct context *c)
{
	return act_run(c, "queue.replay", always);
}

static int
discard_run(struct context *c)
{
	return act_run(c, "queue.discard", asked);
}

int
dead_run(struct context *c)
{
	static const struct {
		const char *verb;
		size_t least, most;	/* operands, the verb counted */
		int (*run)(struct context *);
	} verbs[] = {
		{ "ls", 1, 1, ls_run }, { "show", 2, 2, show_run },
		{ "replay", 1, 2, replay_run }, { "discard", 1, 2, discard_run },
	};
	const char *verb = c->operands.count == 0 ? "ls" : c->operands.item[0];

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		size_t count = c->operands.count == 0 ? 1 : c->operands.count;

		if (strcmp(verb, verbs[i].verb) == 0 && count >= verbs[i].least &&
		    count <= verbs[i].most)
			return verbs[i].run(c);
	}
	command_error("queue dead wants ls, show EVENT, replay EVENT or discard EVENT");
	return COMMAND_USAGE;
}
