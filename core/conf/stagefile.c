/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of one stage: host's keys, the stage's own, routes merged over. */
#include "conf/stagefile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf/describe.h"
#include "conf/route.h"
#include "conf/schema.h"
#include "conf/secret.h"

enum { HOST_MODULE, HOST_GROUP, HOST_DEADLINE, HOST_WORKERS, HOST_ON_ERROR,
	HOST_CONCURRENCY, HOST_OPTIONS };

/* One stage being read. */
struct stage_load {
	const struct stagefile_reader *reader;
	struct stagefile *source;
	struct setting_stage *out;
	struct arena *arena;
	size_t errors;
};

static struct place
place_in(const struct stage_load *l, unsigned line)
{
	return (struct place){ l->source->file.path, l->source->name, line };
}

static unsigned
line_in(const struct entry *e, unsigned otherwise)
{
	return e == NULL || e->lines[0] == 0 ? otherwise : e->lines[0];
}

static void
problem(struct stage_load *l, unsigned line, const char *text)
{
	l->errors++;
	problems_add(l->reader->problems, PROBLEM_ERROR, place_in(l, line), "%s", text);
}

void
stagefile_try_secret(struct problems *p, struct place place, const char *reference)
{
	char why[SECRET_WHY_MAX];
	struct buf b = { 0 };
	int error = secret_load(reference, &b, why);

	buf_wipe(&b);
	if (error == 0 || (error == EACCES && geteuid() != 0) || error == ENOTDIR)
		return;
	problems_add(p, PROBLEM_ERROR, place, "%s", why);
}

/* The file's text for an option, or what is in force without it. */
static void
value_load(struct stage_load *l, const struct mt_option *o,
    const struct section *s, struct setting_value *v)
{
	const struct entry *e = file_entry(s, o->name);
	struct value_parser parser = { .arena = l->arena };
	struct value_text text = { NULL, 0 };
	char why[SCHEMA_WHY_MAX];

	if (e == NULL && s->name != NULL)
		return;		/* a route's section: the base stays */
	if (e != NULL)
		text = e->text;
	if (value_parse(&parser, o, text, v) != 0)
		problem(l, line_in(e, s->line), parser.why);
	else if (schema_check_value(&l->out->descriptor, o, v, why) != 0)
		problem(l, line_in(e, s->line), why);
	else if (e != NULL && o->type == MT_OPT_SECRET)
		stagefile_try_secret(l->reader->problems,
		    place_in(l, e->lines[0]), v->list[0]);
	if (e != NULL && (o->flags & MT_DEPRECATED) != 0)
		problems_add(l->reader->problems, PROBLEM_WARNING,
		    place_in(l, e->lines[0]), "%s is deprecated: %s", o->name,
		    o->help);
}

/* NAME_pin and its like are required only where NAME is set. */
static bool
is_required(const struct setting_stage *s, const struct setting_value *values,
    const struct mt_option *o)
{
	const struct mt_option *target = schema_target(&s->descriptor, o->name);

	if ((o->flags & MT_REQUIRED) == 0)
		return false;
	return target == NULL ||
	    values[target - s->descriptor.options].list != NULL;
}

static void
values_load(struct stage_load *l, const struct section *s,
    struct setting_value *values)
{
	const struct descriptor *d = &l->out->descriptor;
	char text[SCHEMA_WHY_MAX];

	for (size_t i = 0; i < d->option_count; i++)
		value_load(l, &d->options[i], s, &values[i]);
	for (size_t i = 0; i < d->option_count; i++) {
		if (!is_required(l->out, values, &d->options[i]) ||
		    values[i].list_count > 0)
			continue;
		snprintf(text, sizeof(text), "%s must be set: %.180s",
		    d->options[i].name, d->options[i].help);
		problem(l, s->line, text);
	}
	if (schema_check_set(d, values, text) != 0)
		problem(l, s->line, text);
}

static bool
is_route(const struct settings *s, const char *address)
{
	return settings_route(s, span_of(address)) != NULL;
}

/* NULL: the file's own level.  What is no address is no route either. */
static const char *
route_of(struct stage_load *l, const struct section *s)
{
	const char *address = s->title == NULL ? NULL : route_address(l->arena, s->title);

	return address != NULL ? address : s->title;
}

static void
sets_load(struct stage_load *l)
{
	const struct file *f = &l->source->file;
	size_t count = l->out->descriptor.option_count;
	struct setting_options *sets = arena_alloc(l->arena, f->count * sizeof(*sets));
	unsigned *lines = arena_alloc(l->arena, f->count * sizeof(*lines));

	for (size_t i = 0; i < f->count; i++) {
		const struct section *s = &f->sections[i];

		lines[i] = s->line;
		sets[i].route = route_of(l, s);
		sets[i].values = i == 0 ?
		    arena_alloc(l->arena, count * sizeof(*sets[i].values)) :
		    arena_dup(l->arena, sets[0].values,
		    count * sizeof(*sets[i].values));
		values_load(l, s, sets[i].values);
		if (i > 0 && !is_route(l->reader->settings, sets[i].route))
			problem(l, s->line, arena_printf(l->arena, "route \"%s\" is "
			    "not in mailtri.conf: add it there, or remove this "
			    "section", s->title));
		for (size_t j = 1; j < i; j++)
			if (strcasecmp(sets[j].route, sets[i].route) == 0)
				problem(l, s->line, "the route has two sections: "
				    "merge them");
	}
	l->out->options = sets;
	l->out->option_sets = f->count;
	l->source->set_lines = lines;
}

/* The host's keys, read before the schema is known: from the text alone, for
 * `module' decides whose schema it is. */
static int
module_find(struct stage_load *l, const char **path)
{
	const char *module = l->source->name, *file = l->source->file.path;
	const char *dir = l->reader->settings->stage_dir;
	char line[1024], word[512];
	FILE *in = fopen(file, "re");

	if (in == NULL) {
		int error = errno;

		problems_add(l->reader->problems, PROBLEM_ERROR, l->source->named,
		    "%s is named here, but %s cannot be opened (%s): install the "
		    "stage or remove its name", module, file, strerror(error));
		return error;
	}
	while (fgets(line, sizeof(line), in) != NULL)
		if (sscanf(line, " module = \"%511[^\"]\"", word) == 1 ||
		    sscanf(line, " module = %511[^ \"\t\n]", word) == 1)
			module = arena_string(l->arena, span_of(word));
	fclose(in);
	*path = *module == '/' ? module :
	    arena_printf(l->arena, "%s/%s.so", dir, module);
	return 0;
}

/* Whether the strict reading found the same module as the first look. */
static void
module_verify(struct stage_load *l)
{
	const struct entry *e = file_entry(&l->source->file.sections[0], "module");
	const char *module = e == NULL ? l->source->name : e->text.texts[0];
	const char *path = *module == '/' ? module : arena_printf(l->arena,
	    "%s/%s.so", l->reader->settings->stage_dir, module);

	if (strcmp(path, l->out->path) != 0)
		problem(l, line_in(e, 1), "module must stand on one line of its "
		    "own, as module = \"name\"");
}

static void
host_values_store(struct stage_load *l, const struct setting_value *v)
{
	struct setting_stage *s = l->out;

	s->group = v[HOST_GROUP].list == NULL ? s->name : v[HOST_GROUP].list[0];
	s->deadline_ms = (uint32_t)v[HOST_DEADLINE].num * 1000;
	s->workers = (uint32_t)v[HOST_WORKERS].num;
	s->concurrency = (uint32_t)v[HOST_CONCURRENCY].num;
	for (uint8_t i = 0; v[HOST_ON_ERROR].list != NULL && i <= ON_ERROR_QUARANTINE; i++)
		if (strcmp(v[HOST_ON_ERROR].list[0], (const char *const[]){
		    "tempfail", "skip", "quarantine" }[i]) == 0)
			s->on_error = i;
}

static bool
is_group(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len > 0 && name[len] == '\0' && len <= DESCRIPTOR_NAME_MAX;
}

static void
host_values_load(struct stage_load *l)
{
	struct setting_value values[HOST_OPTIONS];
	const struct section *top = &l->source->file.sections[0];

	for (size_t i = 0; i < HOST_OPTIONS; i++)
		value_load(l, &schema_host_options[i], top, &values[i]);
	host_values_store(l, values);
	if (!is_group(l->out->group))
		problem(l, line_in(file_entry(top, "group"), 1), "group must be a "
		    "word of at most 32 of a-z, 0-9 and -");
	if (l->out->on_error == ON_ERROR_SKIP)
		problems_add(l->reader->problems, PROBLEM_WARNING,
		    place_in(l, line_in(file_entry(top, "on_error"), 1)),
		    "on_error = skip: when this stage fails, mail passes unjudged "
		    "by it");
	if (file_entry(top, "concurrency") != NULL &&
	    (l->out->descriptor.callbacks & DESCRIPTOR_DELIVER) == 0)
		problem(l, line_in(file_entry(top, "concurrency"), 1), "concurrency is for "
		    "stages that deliver: remove it");
	module_verify(l);
}

static const struct mt_option *
options_of_file(struct stage_load *l)
{
	const struct descriptor *d = &l->out->descriptor;
	struct mt_option *all = arena_alloc(l->arena,
	    (HOST_OPTIONS + d->option_count + 1) * sizeof(*all));

	memcpy(all, schema_host_options, HOST_OPTIONS * sizeof(*all));
	memcpy(all + HOST_OPTIONS, d->options, d->option_count * sizeof(*all));
	return all;
}

static int
schema_load(struct stage_load *l)
{
	char why[DESCRIBE_WHY_MAX];
	int error = describe_run(l->reader->worker, l->out->path, l->arena,
	    &l->out->descriptor, why);

	if (error == 0)
		return 0;
	problems_add(l->reader->problems, PROBLEM_ERROR,
	    (struct place){ l->source->named.file, l->source->name,
	    l->source->named.line }, "%s", why);
	return error;
}

int
stagefile_load(const struct stagefile_reader *r, struct stagefile *f,
    struct setting_stage *out)
{
	struct stage_load l = { .reader = r, .source = f, .out = out,
		.arena = &r->settings->arena };
	struct grammar grammar[2];
	struct file_reader reader = { .arena = l.arena, .problems = r->problems,
		.grammar = grammar, .grammar_count = 2 };
	int error;

	f->file.path = arena_printf(l.arena, "%s/stages.d/%s.conf",
	    r->settings->conf_dir, f->name);
	*out = (struct setting_stage){ .name = f->name };
	error = module_find(&l, &out->path);
	if (error == 0)
		error = schema_load(&l);
	if (error != 0)
		return error;
	grammar[0] = (struct grammar){ NULL, false, options_of_file(&l),
		sizeof(struct mt_option) };
	grammar[1] = (struct grammar){ "route", true, out->descriptor.options,
		sizeof(struct mt_option) };
	reader.place = place_in(&l, 0);
	error = file_read(&reader, &f->file);
	if (error != 0)
		return error;
	host_values_load(&l);
	sets_load(&l);
	return l.errors == 0 ? 0 : EINVAL;
}
