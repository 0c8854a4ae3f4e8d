/* SPDX-License-Identifier: BSD-2-Clause */
/* mailtrictl conf: the configuration in force, and what it could say. */
#include "conf/print.h"
#include "ctl/command.h"

struct conf_options {
	bool defaults, changed;
};

static const struct option_row conf_rows[] = {
	{ "defaults", 'd', OPTION_FLAG, offsetof(struct conf_options, defaults), NULL,
	    "every option with its default and what it means" },
	{ "changed", 'n', OPTION_FLAG, offsetof(struct conf_options, changed), NULL,
	    "what differs from the default" },
	{ .name = NULL },
};

static int
conf_run(struct context *c)
{
	const struct conf_options *o = c->own;
	const struct settings *s;
	enum print_what what = o->defaults ? PRINT_DEFAULTS :
	    o->changed ? PRINT_CHANGED : PRINT_ALL;

	if (o->defaults && o->changed) {
		command_error("conf -d or conf -n, not both");
		return COMMAND_USAGE;
	}
	s = context_settings(c);
	if (s == NULL)
		return COMMAND_FAILED;
	if (c->json)
		print_settings_json(c->term.out, s, what);
	else
		print_settings(c->term.out, s, what);
	print_tls_warnings(stderr, s);
	return COMMAND_DONE;
}

const struct command conf_commands[] = {
	{ "conf", NULL, NULL, "the configuration in force; -d defaults, -n changes", conf_rows,
	    sizeof(struct conf_options), 0, 0, conf_run },
	{ .name = NULL },
};
