/* SPDX-License-Identifier: BSD-2-Clause */
/* mailtrictl: finds the command that is meant and runs it.  An unknown one
 * is looked for as ${libexecdir}/mailtri/ctl-NAME, so that a plugin brings
 * its own. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/command.h"
#include "mailtri/version.h"

static const struct command *const tables[] = {
	status_commands, reload_commands, queue_commands, audit_commands, check_commands,
	explain_commands, stages_commands, conf_commands, pins_commands, probe_commands, keys_commands,
	backup_commands, restore_commands,
};

enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

static void
usage_all(FILE *out)
{
	fputs("usage: mailtrictl COMMAND [OPTIONS]\n\n", out);
	for (size_t i = 0; i < TABLES; i++)
		for (const struct command *k = tables[i]; k->name != NULL; k++) {
			char left[80];

			snprintf(left, sizeof(left), "%s%s%s%s%s", k->name,
			    k->sub == NULL ? "" : " ", k->sub == NULL ? "" : k->sub,
			    k->operands == NULL ? "" : " ",
			    k->operands == NULL ? "" : k->operands);
			fprintf(out, "  %-28s %s\n", left, k->summary);
		}
	fputs("\nwith every command:\n", out);
	options_help(out, command_common);
	fputs("\nmailtrictl COMMAND --help says more; the manual is mailtrictl(8).\n", out);
}

static void
usage(FILE *out, const struct command *k)
{
	fprintf(out, "usage: mailtrictl %s%s%s%s%s [OPTIONS]\n%s\n", k->name,
	    k->sub == NULL ? "" : " ", k->sub == NULL ? "" : k->sub,
	    k->operands == NULL ? "" : " ", k->operands == NULL ? "" : k->operands,
	    k->summary);
	if (k->options != NULL) {
		fputc('\n', out);
		options_help(out, k->options);
	}
	fputs("\nwith every command:\n", out);
	options_help(out, command_common);
}

static const struct command *
table_find(const char *name)
{
	for (size_t i = 0; i < TABLES; i++)
		if (strcmp(tables[i]->name, name) == 0)
			return tables[i];
	return NULL;
}

/* *words: how many of argv name the command. */
static const struct command *
command_find(const struct command *table, int argc, char **argv, int *words)
{
	*words = 1;
	if (argc > 1)
		for (const struct command *k = table; k->name != NULL; k++)
			if (k->sub != NULL && strcmp(k->sub, argv[1]) == 0) {
				*words = 2;
				return k;
			}
	if (table->sub != NULL && argc > 1 && argv[1][0] != '-')
		return NULL;
	return table;
}

static int
command_run(struct context *c, const struct command *k, int argc, char **argv)
{
	struct options o = { .common = command_common, .common_out = c,
		.own = k->options };
	int status = COMMAND_USAGE;

	if (k->options_size > 0)
		c->own = o.own_out = xcalloc(1, k->options_size);
	if (options_parse(&o, argc, argv, &c->operands) != 0)
		command_error("%s", o.why);
	else if (term_open(&c->term, stdout, c->color) != 0)
		command_error("--color is auto, always or never");
	else if (c->help)
		usage(stdout, k), status = COMMAND_DONE;
	else if (c->operands.count < k->least || c->operands.count > k->most)
		usage(stderr, k);
	else
		status = k->run(c);
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		command_error("standard output: %s", strerror(errno));
		status = COMMAND_FAILED;
	}
	free(c->own);
	settings_free(c->settings);
	arena_free(&c->arena);
	return status;
}

/* Comes back only where there is no such program. */
static void
command_exec(char **argv)
{
	const char *dir = getenv("MAILTRI_LIBEXEC"), *name = argv[0];
	char path[4096];

	for (const char *p = name; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && *p != '-')
			return;
	snprintf(path, sizeof(path), "%s/ctl-%s", dir == NULL ? MAILTRI_LIBEXECDIR : dir,
	    name);
	execv(path, argv);
	if (errno != ENOENT)
		command_error("%s: %s", path, strerror(errno));
}

/* Options may stand in front of the command: those `first' ones go behind its
 * words, before the rest. */
static char **
argv_turn(int argc, char **argv, int first, int words)
{
	char **turned = xcalloc((size_t)argc + 1, sizeof(*turned));
	int n = 0;

	for (int i = 0; i < first; i++)
		turned[n++] = argv[i];
	for (int i = first + words; i < argc; i++)
		turned[n++] = argv[i];
	return turned;
}

static int
main_run(int argc, char **argv, int first)
{
	const struct command *table = table_find(argv[first]), *k;
	struct context c = { .json = false };
	char **turned;
	int words, status;

	if (table == NULL) {
		command_exec(argv + first);
		command_error("no such command: %s (mailtrictl --help lists them)", argv[first]);
		return COMMAND_USAGE;
	}
	k = command_find(table, argc - first, argv + first, &words);
	if (k == NULL) {
		command_error("%s: no such command: %s", argv[first], argv[first + 1]);
		return COMMAND_USAGE;
	}
	turned = argv_turn(argc, argv, first, words);
	status = command_run(&c, k, argc - words, turned);
	free(turned);
	return status;
}

int
main(int argc, char **argv)
{
	int first;

	log_open("mailtrictl", false);
	argc--;
	argv++;
	first = options_leading(command_common, argc, argv);
	for (int i = 0; i < first; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return usage_all(stdout), COMMAND_DONE;
		if (strcmp(argv[i], "--version") == 0)
			return puts("mailtrictl " MAILTRI_VERSION), COMMAND_DONE;
	}
	if (first == argc)
		return usage_all(stderr), COMMAND_USAGE;
	if (strcmp(argv[first], "help") == 0)
		return usage_all(stdout), COMMAND_DONE;
	return main_run(argc, argv, first);
}
