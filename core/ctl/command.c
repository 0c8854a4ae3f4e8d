/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands of mailtrictl share: configuration, the engine, output. */
#include "ctl/command.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>

#include "conf/parse.h"

const struct option_row command_common[] = {
	{ "config", 'c', OPTION_STRING, offsetof(struct context, config), "FILE",
	    "configuration (default " MAILTRI_CONFDIR "/mailtri.conf)" },
	{ "control", 0, OPTION_STRING, offsetof(struct context, control), "SOCKET",
	    "the daemon's socket (default: control in run_dir)" },
	{ "json", 0, OPTION_FLAG, offsetof(struct context, json), NULL,
	    "one JSON object a line" },
	{ "color", 0, OPTION_STRING, offsetof(struct context, color), "WHEN",
	    "auto, always or never" },
	{ "help", 'h', OPTION_FLAG, offsetof(struct context, help), NULL, "this text" },
	{ "version", 0, OPTION_FLAG, offsetof(struct context, version), NULL,
	    "print the version" },
	{ .name = NULL },
};

void
command_error(const char *fmt, ...)
{
	va_list ap;

	fputs("mailtrictl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

struct settings *
context_settings(struct context *c)
{
	const char *file = c->config == NULL ? MAILTRI_CONFDIR "/mailtri.conf" : c->config;
	struct problems problems;

	if (c->settings != NULL)
		return c->settings;
	problems_init(&problems);
	c->settings = parse_settings(file, &problems);
	if (c->settings == NULL)
		problems_print(&problems, stderr, c->term.color);
	problems_fini(&problems);
	return c->settings;
}

/* What a line gives run_dir; NULL: it is another line. */
static const char *
run_dir_of(struct arena *arena, const char *line)
{
	line += strspn(line, " \t");
	if (strncmp(line, "run_dir", 7) != 0)
		return NULL;
	line += 7;
	line += strspn(line, " \t");
	if (*line != '=')
		return NULL;
	line++;
	line += strspn(line, " \t\"'");
	return *line != '/' ? NULL :
	    arena_string(arena, span_make(line, strcspn(line, "\"'#\r\n")));
}

const char *
context_control(struct context *c)
{
	const char *file = c->config == NULL ? MAILTRI_CONFDIR "/mailtri.conf" : c->config;
	const char *run_dir = NULL;
	FILE *in = c->control != NULL ? NULL : fopen(file, "re");
	char line[PATH_MAX];

	if (c->control != NULL)
		return c->control;
	while (in != NULL && run_dir == NULL && fgets(line, sizeof(line), in) != NULL)
		run_dir = run_dir_of(&c->arena, line);
	if (in != NULL)
		fclose(in);
	return arena_printf(&c->arena, "%s/control",
	    run_dir == NULL ? MAILTRI_RUNDIR : run_dir);
}

static const char *
control_path(struct context *c)
{
	const struct settings *s;

	if (c->control != NULL)
		return c->control;
	s = context_settings(c);
	if (s != NULL)
		return arena_printf(&c->arena, "%s/control", s->run_dir);
	/* The daemon may well run with an older form. */
	command_error("trying the daemon at %s in spite of these errors",
	    context_control(c));
	return context_control(c);
}

static void
call_explain(int error, const char *path, const struct control_answer *a)
{
	if (error == EREMOTEIO)
		command_error("%s", a->why);
	else if (error == ENOENT || error == ECONNREFUSED)
		command_error("no daemon listens at %s: start mailtrid, or name the "
		    "socket with --control", path);
	else if (error == EACCES || error == EPERM)
		command_error("%s: not for this user: run it as root or as a member of "
		    "the socket's group", path);
	else if (error == EPIPE)
		command_error("the daemon ended the conversation: look into its log");
	else
		command_error("%s: %s", path, strerror(error));
}

int
context_call(struct context *c, json_t *request, control_object_fn fn, void *arg)
{
	struct control_answer a = { .fn = fn, .arg = arg };
	const char *path = control_path(c);
	int error = control_call(path, request, &a);

	json_decref(request);
	if (error == 0)
		return COMMAND_DONE;
	call_explain(error, path, &a);
	return COMMAND_FAILED;
}

void
command_json(const struct context *c, const json_t *object)
{
	json_dumpf(object, c->term.out, JSON_COMPACT);
	fputc('\n', c->term.out);
}
