/* SPDX-License-Identifier: BSD-2-Clause */
/* mailtrictl reload: the files as they are now, or a reason why not. */
#include "ctl/command.h"

static void
on_answer(json_t *answer, void *arg)
{
	struct context *c = arg;
	const char *problem = control_string(answer, "problem", NULL);

	if (c->json)
		command_json(c, answer);
	else if (problem != NULL)
		fprintf(stderr, "%s\n", term_text(&c->arena, span_of(problem)));
	else
		fprintf(c->term.out, "generation %s is in force\n",
		    member_text(&c->arena, answer, "generation"));
}

static int
reload_run(struct context *c)
{
	c->control = context_control(c);	/* what is wrong is the daemon's to say */
	return context_call(c, json_pack("{s:s}", "command", "reload"), on_answer, c);
}

const struct command reload_commands[] = {
	{ "reload", NULL, NULL, "read the configuration again: all of it, or nothing", NULL, 0,
	    0, 0, reload_run },
	{ .name = NULL },
};
