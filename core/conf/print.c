/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings in the form of the files they came from, or as JSON. */
#include "conf/print.h"

#include <stdlib.h>

#include "base/emit.h"
#include "conf/core.h"
#include "conf/schema.h"

/* One walk over all options; text and JSON differ in what they do with each. */
struct printer {
	FILE *out;		/* text */
	struct emit *json;	/* or this */
	enum print_what what;
	struct arena arena;
	const char *pending;	/* a section's head, until it has an option */
	unsigned indent;
};

static void
begin(struct printer *p, const char *head)
{
	p->pending = head;
	p->indent++;
}

static void
end(struct printer *p)
{
	p->indent--;
	if (p->pending == NULL)
		fprintf(p->out, "%*s}\n", (int)p->indent * 4, "");
	p->pending = NULL;
}

static void
head_print(struct printer *p)
{
	if (p->pending != NULL)
		fprintf(p->out, "%*s%s {\n", (int)(p->indent - 1) * 4, "",
		    p->pending);
	p->pending = NULL;
}

static void
help_print(struct printer *p, const struct mt_option *o)
{
	if (p->what != PRINT_CHANGED && o->help != NULL)
		fprintf(p->out, "%*s# %s%s\n", (int)p->indent * 4, "",
		    (o->flags & MT_REQUIRED) != 0 ? "(required) " : "", o->help);
}

static void
option_print(struct printer *p, const struct mt_option *o,
    const struct setting_value *v)
{
	const char *text = value_format(&p->arena, o, v);

	head_print(p);
	help_print(p, o);
	fprintf(p->out, "%*s%s%s =%s%s\n", (int)p->indent * 4, "",
	    v->list == NULL ? "# " : "", o->name, *text == '\0' ? "" : " ", text);
}

/* Numbers as numbers of seconds or bytes: made for programs. */
static void
option_emit(struct printer *p, const struct mt_option *o,
    const struct setting_value *v)
{
	if (v->list == NULL)
		emit_null(p->json, o->name);
	else if (o->type == MT_OPT_BOOL)
		emit_bool(p->json, o->name, v->num != 0);
	else if (o->type >= MT_OPT_INT && o->type <= MT_OPT_DURATION)
		emit_int(p->json, o->name, v->num);
	else if (o->type != MT_OPT_LIST)
		emit_text(p->json, o->name, v->list[0]);
	else {
		emit_array(p->json, o->name);
		for (size_t i = 0; i < v->list_count; i++)
			emit_text(p->json, NULL, v->list[i]);
		emit_end_array(p->json);
	}
}

/* An empty list that was never set is no change. */
static bool
is_changed(const struct setting_value *v, const struct setting_value *def)
{
	if (v->list_count == 0 && def->list_count == 0)
		return false;
	return !value_equal(v, def);
}

static void
option_show(struct printer *p, const struct mt_option *o,
    const struct setting_value *v)
{
	struct value_parser parser = { .arena = &p->arena };
	struct setting_value def;

	if (value_parse(&parser, o, (struct value_text){ NULL, 0 }, &def) != 0)
		def = (struct setting_value){ .name = o->name };
	if (p->what == PRINT_CHANGED && !is_changed(v, &def))
		return;
	if (p->what == PRINT_DEFAULTS)
		v = &def;
	if (p->json != NULL)
		option_emit(p, o, v);
	else
		option_print(p, o, v);
}

static void
list_show(struct printer *p, const struct mt_option *o, const char **list,
    size_t count)
{
	struct setting_value v = { .name = o->name, .list = list, .list_count = count };

	option_show(p, o, &v);
}

/* What lives in no one member. */
static void
by_hand_show(struct printer *p, const struct core_row *row,
    const struct settings *s, const void *object)
{
	const struct setting_route *r = object;
	bool deliver = strcmp(row->option.name, "deliver") == 0;
	size_t count = deliver ? r->deliver_count : s->pipeline_count;
	const char **names;

	names = arena_alloc(&p->arena, (count + 1) * sizeof(*names));
	for (size_t i = 0; i < count; i++)
		names[i] = s->stages[deliver ? r->deliver[i] : i].name;
	list_show(p, &row->option, names, count);
}

static void
rows_show(struct printer *p, const struct core_row *row,
    const struct settings *s, const void *object)
{
	for (; row->option.name != NULL; row++) {
		struct setting_value v;

		if (core_fetch(&p->arena, row, object, &v))
			option_show(p, &row->option, &v);
		else
			by_hand_show(p, row, s, object);
	}
}

static const char *
title(struct printer *p, const char *name, const char *text)
{
	return arena_printf(&p->arena, "%s \"%s\"", name, text);
}

static void
core_print(struct printer *p, const struct settings *s)
{
	enum print_what what = p->what;

	fprintf(p->out, "# %s\n", s->file);
	rows_show(p, core_sections[CORE_TOP].rows, s, s);
	for (size_t i = CORE_TLS; i <= CORE_LIMITS; i++) {
		begin(p, core_sections[i].name);
		rows_show(p, core_sections[i].rows, s, s);
		end(p);
	}
	for (size_t i = 0; i < s->listener_count && what != PRINT_DEFAULTS; i++) {
		begin(p, title(p, "listen", s->listeners[i].address));
		head_print(p);
		rows_show(p, core_sections[CORE_LISTEN].rows, s, &s->listeners[i]);
		end(p);
	}
	for (size_t i = 0; i < s->route_count && what != PRINT_DEFAULTS; i++) {
		begin(p, title(p, "route", s->routes[i].address));
		head_print(p);
		rows_show(p, core_sections[CORE_ROUTE].rows, s, &s->routes[i]);
		end(p);
	}
	for (size_t i = CORE_LISTEN; i <= CORE_ROUTE && what == PRINT_DEFAULTS; i++) {
		const struct setting_route none = { .deliver_count = 0 };
		const struct setting_listener some = { .tls = TLS_REQUIRED };

		begin(p, title(p, core_sections[i].name, "..."));
		rows_show(p, core_sections[i].rows, s,
		    i == CORE_ROUTE ? (const void *)&none : (const void *)&some);
		end(p);
	}
}

/* The host's keys of a stage as they would stand in its file. */
static void
host_show(struct printer *p, const struct settings *s, const struct setting_stage *stage)
{
	const char *module = arena_printf(&p->arena, "%s/%s.so", s->stage_dir, stage->name);
	const char *texts[] = {
		strcmp(module, stage->path) == 0 ? NULL : stage->path,
		strcmp(stage->group, stage->name) == 0 ? NULL : stage->group,
		value_format_number(&p->arena, MT_OPT_DURATION, stage->deadline_ms / 1000),
		stage->workers == 0 ? NULL :
		    value_format_number(&p->arena, MT_OPT_INT, stage->workers),
		(const char *const[]){ "tempfail", "skip", "quarantine" }[stage->on_error],
		value_format_number(&p->arena, MT_OPT_INT, stage->concurrency),
	};

	for (size_t i = 0; schema_host_options[i].name != NULL; i++) {
		struct value_parser parser = { .arena = &p->arena };
		struct value_text text = { &texts[i], texts[i] == NULL ? 0 : 1 };
		struct setting_value v = { .name = schema_host_options[i].name };

		if (texts[i] == NULL || value_parse(&parser,
		    &schema_host_options[i], text, &v) == 0)
			option_show(p, &schema_host_options[i], &v);
	}
}

static void
set_show(struct printer *p, const struct descriptor *d, const struct setting_options *set)
{
	for (size_t i = 0; i < d->option_count; i++)
		option_show(p, &d->options[i], &set->values[i]);
}

/* A route's section has what differs from the base. */
static void
route_set_print(struct printer *p, const struct setting_stage *stage, size_t set)
{
	const struct descriptor *d = &stage->descriptor;
	const struct setting_value *base = stage->options[0].values;

	begin(p, title(p, "route", stage->options[set].route));
	head_print(p);
	for (size_t i = 0; i < d->option_count; i++)
		if (!value_equal(&stage->options[set].values[i], &base[i]))
			option_print(p, &d->options[i], &stage->options[set].values[i]);
	end(p);
}

static void
stage_print(struct printer *p, const struct settings *s, const struct setting_stage *stage)
{
	fprintf(p->out, "\n# %s/stages.d/%s.conf\n", s->conf_dir, stage->name);
	host_show(p, s, stage);
	set_show(p, &stage->descriptor, &stage->options[0]);
	for (size_t i = 1; i < stage->option_sets && p->what != PRINT_DEFAULTS; i++)
		route_set_print(p, stage, i);
}

void
print_settings(FILE *out, const struct settings *s, enum print_what what)
{
	struct printer p = { .out = out, .what = what };

	core_print(&p, s);
	for (size_t i = 0; i < s->stage_count; i++)
		stage_print(&p, s, &s->stages[i]);
	arena_free(&p.arena);
}

static void
object_emit(struct printer *p, const char *key, const struct core_row *rows,
    const struct settings *s, const void *object)
{
	emit_object(p->json, key);
	rows_show(p, rows, s, object);
	emit_end_object(p->json);
}

static void
core_emit(struct printer *p, const struct settings *s)
{
	emit_text(p->json, "file", s->file);
	rows_show(p, core_sections[CORE_TOP].rows, s, s);
	for (size_t i = CORE_TLS; i <= CORE_LIMITS; i++)
		object_emit(p, core_sections[i].name, core_sections[i].rows, s, s);
	emit_object(p->json, "listen");
	for (size_t i = 0; i < s->listener_count; i++)
		object_emit(p, s->listeners[i].address,
		    core_sections[CORE_LISTEN].rows, s, &s->listeners[i]);
	emit_end_object(p->json);
	emit_object(p->json, "route");
	for (size_t i = 0; i < s->route_count; i++)
		object_emit(p, s->routes[i].address,
		    core_sections[CORE_ROUTE].rows, s, &s->routes[i]);
	emit_end_object(p->json);
}

static void
stage_emit(struct printer *p, const struct settings *s, const struct setting_stage *stage)
{
	emit_object(p->json, stage->name);
	host_show(p, s, stage);
	set_show(p, &stage->descriptor, &stage->options[0]);
	emit_object(p->json, "route");
	for (size_t i = 1; i < stage->option_sets && p->what != PRINT_DEFAULTS; i++) {
		emit_object(p->json, stage->options[i].route);
		set_show(p, &stage->descriptor, &stage->options[i]);
		emit_end_object(p->json);
	}
	emit_end_object(p->json);
	emit_end_object(p->json);
}

void
print_settings_json(FILE *out, const struct settings *s, enum print_what what)
{
	struct buf b = { 0 };
	struct emit e = emit_of(&b);
	struct printer p = { .json = &e, .what = what };

	emit_object(&e, NULL);
	core_emit(&p, s);
	emit_object(&e, "stages");
	for (size_t i = 0; i < s->stage_count; i++)
		stage_emit(&p, s, &s->stages[i]);
	emit_end_object(&e);
	emit_end_object(&e);
	fprintf(out, "%s\n", buf_string(&b));
	buf_free(&b);
	arena_free(&p.arena);
}

size_t
print_tls_warnings(FILE *out, const struct settings *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->listener_count; i++) {
		const struct setting_listener *l = &s->listeners[i];

		if (l->host == NULL || l->tls == TLS_REQUIRED)
			continue;
		n++;
		fprintf(out, "warning: listener %s takes mail without TLS (tls = %s)\n",
		    l->address, l->tls == TLS_NONE ? "none" : "offered");
	}
	return n;
}
