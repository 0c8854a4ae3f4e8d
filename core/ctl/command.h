/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands of mailtrictl: each file cmd_*.c ends with its table, and
 * mailtrictl.c names the tables.  Objects go to standard output with --json,
 * one a line; sentences for the operator to standard error.
 */
#ifndef MAILTRI_CTL_COMMAND_H
#define MAILTRI_CTL_COMMAND_H

#include "conf/settings.h"
#include "ctl/control.h"
#include "ctl/member.h"
#include "ctl/options.h"
#include "ctl/term.h"

/* Exit codes, as mailtrictl(8) says them. */
enum command_exit {
	COMMAND_DONE = 0,
	COMMAND_FAILED = 1,	/* or: it is not so (audit verify: altered) */
	COMMAND_STALE = 2,	/* audit verify: intact, but old or unwitnessed */
	COMMAND_USAGE = 3
};

struct context {
	/* options every command has */
	const char *config, *control, *color;
	bool json, help, version;

	struct term term;
	struct operands operands;
	void *own;		/* the command's own options */
	struct arena arena;	/* lives as long as the command */
	struct settings *settings;	/* by context_settings() */
};

struct command {
	const char *name, *sub;	/* "queue", "list"; sub may be NULL.  The first
				 * row of a name is meant where no sub is given */
	const char *operands, *summary;
	const struct option_row *options;	/* or NULL */
	size_t options_size;	/* of the struct they fill, zeroed */
	size_t least, most;	/* operands */
	int (*run)(struct context *);
};

extern const struct command status_commands[], reload_commands[], queue_commands[], audit_commands[],
    check_commands[], explain_commands[], stages_commands[],
    conf_commands[], pins_commands[], probe_commands[], keys_commands[], backup_commands[], restore_commands[];	/* end with name NULL */

/* Rows for the context itself: --config, --json ... */
extern const struct option_row command_common[];

/* The configuration; NULL: its problems have been printed. */
struct settings *context_settings(struct context *);

/* Asks the engine; an exit code.  What went wrong has been printed. */
int context_call(struct context *, json_t *request, control_object_fn, void *arg);	/* takes
		 * the reference */

/* The control socket as the file names it, right or wrong otherwise. */
const char *context_control(struct context *);

void command_json(const struct context *, const json_t *);	/* one line */
void command_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
