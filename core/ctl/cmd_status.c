/* SPDX-License-Identifier: BSD-2-Clause */
/* mailtrictl status: is it well, in one page. */
#include "ctl/command.h"

static enum term_color
count_color(const char *state, json_int_t n)
{
	if (n == 0)
		return TERM_PLAIN;
	if (strcmp(state, "dead") == 0)
		return TERM_BAD;
	return strcmp(state, "deferred") == 0 || strcmp(state, "held") == 0 ? TERM_WARN :
	    TERM_PLAIN;
}

static void
queue_print(struct context *c, const json_t *queue)
{
	static const char *const headings[] = { "QUEUE", "MESSAGES" };
	struct table table;
	const char *state;
	json_t *n;

	table_init(&table, &c->arena, headings, 2);
	json_object_foreach((json_t *)(uintptr_t)queue, state, n) {
		struct cell row[] = {
			{ term_text(&c->arena, span_of(state)), TERM_PLAIN },
			{ member_text(&c->arena, queue, state),
			    count_color(state, json_integer_value(n)) },
		};

		if (json_is_integer(n))
			table_add(&table, row);
	}
	table_print(&table, &c->term);
	term_field(&c->term, "oldest", member_text(&c->arena, queue, "oldest"));
	fputc('\n', c->term.out);
}

static void
roles_print(struct context *c, const json_t *roles)
{
	static const char *const headings[] = { "ROLE", "GROUP", "GENERATION", "RUNNING",
		"READY", "DEATHS" };
	struct table table;
	const json_t *role;
	size_t i;

	if (json_array_size(roles) == 0)
		return;
	table_init(&table, &c->arena, headings, 6);
	json_array_foreach(roles, i, role) {
		bool ready = json_is_true(json_object_get(role, "ready"));
		struct cell row[] = {
			{ member_text(&c->arena, role, "role"), TERM_PLAIN },
			{ member_text(&c->arena, role, "group"), TERM_PLAIN },
			{ member_text(&c->arena, role, "generation"), TERM_PLAIN },
			{ member_text(&c->arena, role, "running"), TERM_PLAIN },
			{ ready ? "yes" : "no", ready ? TERM_GOOD : TERM_BAD },
			{ member_text(&c->arena, role, "deaths"), TERM_PLAIN },
		};

		table_add(&table, row);
	}
	table_print(&table, &c->term);
	fputc('\n', c->term.out);
}

/* Where mail goes to. */
static void
integrations_print(struct context *c, const json_t *integrations)
{
	static const char *const headings[] = { "INTEGRATION", "STATE", "CALLS", "UNTIL",
		"REASON" };
	struct table table;
	const json_t *i;
	size_t n;

	if (json_array_size(integrations) == 0)
		return;
	table_init(&table, &c->arena, headings, 5);
	json_array_foreach(integrations, n, i) {
		const char *state = member_text(&c->arena, i, "state"), *target, *reason;
		int64_t until = control_int(i, "until_s", 0);
		bool well = strcmp(state, "running") == 0;

		target = member_text(&c->arena, i, "target");
		reason = member_text(&c->arena, i, "reason");
		struct cell row[] = {
			{ arena_printf(&c->arena, "%s%s%s", member_text(&c->arena, i, "stage"),
			    *target == '\0' ? "" : " ", target), TERM_PLAIN },
			{ state, well ? TERM_GOOD : strcmp(state, "paused") == 0 ? TERM_BAD :
			    TERM_WARN },
			{ arena_printf(&c->arena, "%s of %s", member_text(&c->arena, i, "calls"),
			    member_text(&c->arena, i, "concurrency")), TERM_PLAIN },
			{ until == 0 ? NULL : time_text(&c->arena, until), TERM_PLAIN },
			{ *reason == '\0' ? NULL : reason, TERM_PLAIN },
		};

		table_add(&table, row);
	}
	table_print(&table, &c->term);
	fputc('\n', c->term.out);
}

/* One alone is the usual case and needs no table. */
static void
generations_print(struct context *c, const json_t *generations)
{
	static const char *const headings[] = { "GENERATION", "STATE", "MAILS", "DELIVERIES",
		"SESSIONS", "FOR" };
	struct table table;
	const json_t *g;
	size_t i;

	if (json_array_size(generations) < 2)
		return;
	table_init(&table, &c->arena, headings, 6);
	json_array_foreach(generations, i, g) {
		bool open = json_is_true(json_object_get(g, "sessions"));
		struct cell row[] = {
			{ member_text(&c->arena, g, "generation"), TERM_PLAIN },
			{ member_text(&c->arena, g, "state"), TERM_PLAIN },
			{ member_text(&c->arena, g, "mails"), TERM_PLAIN },
			{ member_text(&c->arena, g, "deliveries"), TERM_PLAIN },
			{ open ? "yes" : "no", TERM_PLAIN },
			{ arena_printf(&c->arena, "%s s",
			    member_text(&c->arena, g, "age_s")), TERM_PLAIN },
		};

		table_add(&table, row);
	}
	table_print(&table, &c->term);
	fputc('\n', c->term.out);
}

static void
on_status(json_t *status, void *arg)
{
	struct context *c = arg;
	const json_t *audit = json_object_get(status, "audit"), *warning;
	const char *dispatch = member_text(&c->arena, status, "dispatch");
	const json_t *intake = json_object_get(status, "intake");
	size_t i;

	if (c->json) {
		command_json(c, status);
		return;
	}
	roles_print(c, json_object_get(status, "roles"));
	generations_print(c, json_object_get(status, "generations"));
	integrations_print(c, json_object_get(status, "integrations"));
	queue_print(c, json_object_get(status, "queue"));
	if (intake != NULL)
		term_field(&c->term, "intake", json_is_true(intake) ? "open" : "closed");
	term_field(&c->term, "dispatch", dispatch);
	term_field(&c->term, "up since", member_text(&c->arena, status, "started"));
	term_field(&c->term, "disk", member_text(&c->arena, status, "disk"));
	term_field(&c->term, "audit records", member_text(&c->arena, audit, "records"));
	term_field(&c->term, "audit signed", member_text(&c->arena, audit, "signed"));
	term_field(&c->term, "audit key", member_text(&c->arena, audit, "key"));
	json_array_foreach(json_object_get(status, "warnings"), i, warning) {
		term_print(&c->term, TERM_WARN, "warning");
		fprintf(c->term.out, "       %s\n", term_text(&c->arena,
		    span_of(json_string_value(warning))));
	}
}

static int
status_run(struct context *c)
{
	return context_call(c, json_pack("{s:s}", "command", "status"), on_status, c);
}

const struct command status_commands[] = {
	{ "status", NULL, NULL, "is it well: roles, queue, disk, audit", NULL, 0, 0, 0,
	    status_run },
	{ .name = NULL },
};
