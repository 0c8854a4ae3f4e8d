/* SPDX-License-Identifier: BSD-2-Clause */
/* mailtrictl stages: what a stage is, needs, reads, writes, and its options. */
#include <errno.h>
#include <stdlib.h>

#include "conf/describe.h"
#include "ctl/command.h"
#include "ctl/manual.h"

struct stages_options {
	bool man;
};

static const struct option_row stages_rows[] = {
	{ "man", 0, OPTION_FLAG, offsetof(struct stages_options, man), NULL,
	    "the options as a piece of a manual page, mdoc(7)" },
	{ .name = NULL },
};

static const struct { uint32_t bit; const char *word; } callback_words[] = {
	{ DESCRIPTOR_ENVELOPE, "envelope" }, { DESCRIPTOR_MESSAGE, "message" },
	{ DESCRIPTOR_DELIVER, "deliver" }, { DESCRIPTOR_PROBE, "probe" },
	{ DESCRIPTOR_CHECK, "check" },
};

static const char *
callbacks_text(struct arena *arena, uint32_t callbacks)
{
	const char *text = "";

	for (size_t i = 0; i < sizeof(callback_words) / sizeof(callback_words[0]); i++)
		if ((callbacks & callback_words[i].bit) != 0)
			text = arena_printf(arena, "%s%s%s", text, *text == '\0' ? "" : ", ",
			    callback_words[i].word);
	return text;
}

static json_t *
text_json(const char *s)
{
	json_t *text = s == NULL ? json_null() : json_string(s);

	return text == NULL ? json_null() : text;
}

static json_t *
options_json(const struct descriptor *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->option_count; i++) {
		const struct mt_option *o = &d->options[i];
		json_t *option = json_object();

		json_object_set_new(option, "name", text_json(o->name));
		json_object_set_new(option, "type", text_json(manual_type(o)));
		json_object_set_new(option, "default", text_json(o->def));
		json_object_set_new(option, "choices", text_json(o->choices));
		json_object_set_new(option, "required",
		    json_boolean(o->flags & MT_REQUIRED));
		json_object_set_new(option, "help", text_json(o->help));
		json_array_append_new(list, option);
	}
	return list;
}

static json_t *
facts_json(const struct mt_fact_decl *f, size_t count)
{
	static const char *const types[] = { [0] = "?", [MT_FLAG] = "flag", [MT_INT] = "number",
		[MT_TOKEN] = "word", [MT_TEXT] = "text" };
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *fact = json_object();

		json_object_set_new(fact, "key", text_json(f[i].key));
		json_object_set_new(fact, "type", text_json(types[f[i].type > MT_TEXT ? 0 :
		    f[i].type]));
		json_object_set_new(fact, "choices", text_json(f[i].choices));
		json_object_set_new(fact, "required", json_boolean(f[i].flags & MT_REQUIRED));
		json_object_set_new(fact, "personal", json_boolean(f[i].flags & MT_PERSONAL));
		json_object_set_new(fact, "help", text_json(f[i].help));
		json_array_append_new(list, fact);
	}
	return list;
}

/* configured NULL: not in the configuration. */
static json_t *
stage_json(struct arena *arena, const struct descriptor *d, const struct setting_stage *s)
{
	json_t *o = json_object();

	json_object_set_new(o, "name", text_json(d->name));
	json_object_set_new(o, "version", text_json(d->version));
	json_object_set_new(o, "summary", text_json(d->summary));
	json_object_set_new(o, "abi", json_sprintf("%u.%u", d->abi_major, d->abi_minor));
	json_object_set_new(o, "callbacks", text_json(callbacks_text(arena, d->callbacks)));
	json_object_set_new(o, "needs", text_json(needs_string(arena, d->needs)));
	if (s != NULL) {
		json_object_set_new(o, "path", text_json(s->path));
		json_object_set_new(o, "group", text_json(s->group));
		json_object_set_new(o, "workers", json_integer(s->workers));
	}
	json_object_set_new(o, "options", options_json(d));
	json_object_set_new(o, "reads", facts_json(d->reads, d->read_count));
	json_object_set_new(o, "writes", facts_json(d->writes, d->write_count));
	return o;
}

static const char *
own_text(struct arena *arena, const char *s)
{
	return s == NULL ? NULL : term_text(arena, span_of(s));
}

static void
options_print(struct context *c, const struct descriptor *d)
{
	static const char *const headings[] = { "OPTION", "TYPE", "DEFAULT", "MEANING" };
	struct table table;

	if (d->option_count == 0)
		return;
	table_init(&table, &c->arena, headings, 4);
	for (size_t i = 0; i < d->option_count; i++) {
		const struct mt_option *o = &d->options[i];
		bool must = (o->flags & MT_REQUIRED) != 0;
		struct cell row[] = {
			{ own_text(&c->arena, o->name), TERM_PLAIN },
			{ o->type == MT_OPT_CHOICE ? own_text(&c->arena, o->choices) :
			    manual_type(o), TERM_DIM },
			{ must ? "(must be set)" : own_text(&c->arena, o->def), must ?
			    TERM_WARN : TERM_PLAIN },
			{ own_text(&c->arena, o->help), TERM_PLAIN },
		};

		table_add(&table, row);
	}
	fputc('\n', c->term.out);
	table_print(&table, &c->term);
}

static void
facts_print(struct context *c, const char *heading, const struct mt_fact_decl *f,
    size_t count)
{
	const char *const headings[] = { heading, "VALUES", "MEANING" };
	struct table table;

	if (count == 0)
		return;
	table_init(&table, &c->arena, headings, 3);
	for (size_t i = 0; i < count; i++) {
		struct cell row[] = {
			{ own_text(&c->arena, f[i].key), TERM_PLAIN },
			{ f[i].choices == NULL || *f[i].choices == '\0' ? NULL :
			    own_text(&c->arena, f[i].choices), TERM_DIM },
			{ own_text(&c->arena, f[i].help), TERM_PLAIN },
		};

		table_add(&table, row);
	}
	fputc('\n', c->term.out);
	table_print(&table, &c->term);
}

static void
stage_print(struct context *c, const struct descriptor *d)
{
	term_title(&c->term, arena_printf(&c->arena, "%s %s", own_text(&c->arena, d->name),
	    own_text(&c->arena, d->version)));
	term_field(&c->term, "is", own_text(&c->arena, d->summary));
	term_field(&c->term, "callbacks", callbacks_text(&c->arena, d->callbacks));
	term_field(&c->term, "needs", *needs_string(&c->arena, d->needs) == '\0' ? "nothing" :
	    needs_string(&c->arena, d->needs));
	term_field(&c->term, "ABI", arena_printf(&c->arena, "%u.%u", d->abi_major,
	    d->abi_minor));
	options_print(c, d);
	facts_print(c, "READS", d->reads, d->read_count);
	facts_print(c, "WRITES", d->writes, d->write_count);
}

static const char *
worker_path(struct context *c)
{
	const char *dir = getenv("MAILTRI_LIBEXEC");

	return arena_printf(&c->arena, "%s/worker", dir == NULL ? MAILTRI_LIBEXECDIR : dir);
}

static int
one_file(struct context *c, const char *file)
{
	const struct stages_options *o = c->own;
	char why[DESCRIBE_WHY_MAX];
	struct descriptor d;
	json_t *json;

	if (describe_run(worker_path(c), file, &c->arena, &d, why) != 0) {
		command_error("%s", why);
		return COMMAND_FAILED;
	}
	if (o->man) {
		manual_options(c->term.out, &d);
	} else if (c->json) {
		json = stage_json(&c->arena, &d, NULL);
		command_json(c, json);
		json_decref(json);
	} else {
		stage_print(c, &d);
	}
	return COMMAND_DONE;
}

static int
one_name(struct context *c, const char *name)
{
	const struct settings *s = context_settings(c);

	for (size_t i = 0; s != NULL && i < s->stage_count; i++)
		if (strcmp(s->stages[i].name, name) == 0)
			return one_file(c, s->stages[i].path);
	if (s != NULL)
		command_error("%s is neither a configured stage nor a file: a file has a '/' "
		    "or ends with .so", name);
	return COMMAND_FAILED;
}

static void
list_json(struct context *c, const struct settings *s)
{
	for (size_t i = 0; i < s->stage_count; i++) {
		json_t *json = stage_json(&c->arena, &s->stages[i].descriptor, &s->stages[i]);

		command_json(c, json);
		json_decref(json);
	}
}

static int
list_all(struct context *c)
{
	static const char *const headings[] = { "STAGE", "VERSION", "CALLBACKS", "NEEDS",
		"GROUP", "IS" };
	const struct settings *s = context_settings(c);
	struct table table;

	if (s == NULL)
		return COMMAND_FAILED;
	if (c->json) {
		list_json(c, s);
		return COMMAND_DONE;
	}
	table_init(&table, &c->arena, headings, 6);
	for (size_t i = 0; i < s->stage_count; i++) {
		const struct setting_stage *st = &s->stages[i];
		struct cell row[] = {
			{ own_text(&c->arena, st->name), TERM_PLAIN },
			{ own_text(&c->arena, st->descriptor.version), TERM_PLAIN },
			{ callbacks_text(&c->arena, st->descriptor.callbacks), TERM_PLAIN },
			{ needs_string(&c->arena, st->descriptor.needs), TERM_PLAIN },
			{ own_text(&c->arena, st->group), TERM_PLAIN },
			{ own_text(&c->arena, st->descriptor.summary), TERM_PLAIN },
		};

		table_add(&table, row);
	}
	table_print(&table, &c->term);
	return COMMAND_DONE;
}

/* A worker takes nothing but an absolute path; a person is in some folder. */
static int
some_file(struct context *c, const char *file)
{
	char *path = *file == '/' ? strdup(file) : realpath(file, NULL);
	int status = COMMAND_FAILED;

	if (path == NULL)
		command_error("%s: %s", file, strerror(errno));
	else
		status = one_file(c, path);
	free(path);
	return status;
}

static bool
is_file(const char *name)
{
	size_t len = strlen(name);

	return strchr(name, '/') != NULL || (len > 3 && strcmp(name + len - 3, ".so") == 0);
}

static int
stages_run(struct context *c)
{
	const struct stages_options *o = c->own;

	if (o->man && c->operands.count == 0) {
		command_error("stages --man wants a file");
		return COMMAND_USAGE;
	}
	if (c->operands.count == 0)
		return list_all(c);
	return is_file(c->operands.item[0]) ? some_file(c, c->operands.item[0]) :
	    one_name(c, c->operands.item[0]);
}

const struct command stages_commands[] = {
	{ "stages", NULL, "[FILE.so|NAME]", "what stages are, need, read, write; their options",
	    stages_rows, sizeof(struct stages_options), 0, 1, stages_run },
	{ .name = NULL },
};
