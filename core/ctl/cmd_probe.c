/* SPDX-License-Identifier: BSD-2-Clause */
/* mailtrictl probe: a stage's own check of the system it speaks to. */
#include "ctl/command.h"

struct probe_options {
	const char *route;
};

static const struct option_row rows[] = {
	{ "route", 0, OPTION_STRING, offsetof(struct probe_options, route), "ADDRESS",
	    "with the options of this route" },
	{ .name = NULL },
};

static const struct result {
	const char *name;
	enum term_color color;
	int status;
} results[] = {
	{ "unknown", TERM_WARN, COMMAND_STALE },
	{ "passed", TERM_GOOD, COMMAND_DONE },
	{ "refused", TERM_BAD, COMMAND_FAILED },
};

struct probing {
	struct context *context;
	const struct result *result;
};

static void
on_probed(json_t *answer, void *arg)
{
	struct probing *p = arg;
	struct context *c = p->context;
	const char *reason = control_string(answer, "reason", ""), *text;

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		if (strcmp(results[i].name, control_string(answer, "result", "")) == 0)
			p->result = &results[i];
	if (c->json) {
		command_json(c, answer);
		return;
	}
	text = member_text(&c->arena, answer, "text");
	term_print(&c->term, p->result->color, p->result->name);
	fprintf(c->term.out, "  %s  %s ms%s%s\n", member_text(&c->arena, answer, "stage"),
	    member_text(&c->arena, answer, "ms"), *reason == '\0' ? "" : "  ",
	    *reason == '\0' ? "" : member_text(&c->arena, answer, "reason"));
	if (text != NULL && *text != '\0')
		fprintf(c->term.out, "%s\n", text);
}

/* 3 where nothing could be asked, as audit verify has it. */
static int
probe_run(struct context *c)
{
	const struct probe_options *o = c->own;
	struct probing p = { .context = c, .result = &results[0] };
	int status = context_call(c, json_pack("{s:s, s:s, s:s*}", "command", "probe", "stage",
	    c->operands.item[0], "route", o->route), on_probed, &p);

	return status == COMMAND_DONE ? p.result->status : COMMAND_USAGE;
}

const struct command probe_commands[] = {
	{ "probe", NULL, "STAGE", "is the system a stage speaks to well", rows,
	    sizeof(struct probe_options), 1, 1, probe_run },
	{ .name = NULL },
};
