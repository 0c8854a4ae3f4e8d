/* SPDX-License-Identifier: BSD-2-Clause */
/* Stages by name: found, loaded, wired to routes, checked together. */
#include "conf/wiring.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/frame.h"
#include "conf/describe.h"
#include "conf/order.h"
#include "conf/schema.h"
#include "conf/stagefile.h"

enum { STAGES_MAX = 64 };
#define ANSWER "answer"	/* the option of a route, and the stage it needs */

struct wiring {
	struct settings *settings;
	const struct file *file;
	struct problems *problems;
	const char *worker;
	struct stagefile *sources;	/* beside settings->stages */
	size_t broken;		/* stages that could not be loaded */
};

static struct place
place_of(const struct wiring *w, const struct entry *e, size_t i)
{
	return (struct place){ w->settings->file, NULL, e->lines[i] };
}

static size_t
stage_find(const struct wiring *w, const char *name)
{
	for (size_t i = 0; i < w->settings->stage_count; i++)
		if (strcmp(w->settings->stages[i].name, name) == 0)
			return i;
	return SIZE_MAX;
}

static bool
is_name(const char *s)
{
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len > 0 && len <= DESCRIPTOR_NAME_MAX && s[len] == '\0' && *s != '-';
}

static size_t
stage_add(struct wiring *w, const char *name, struct place named)
{
	struct settings *s = w->settings;
	const struct stagefile_reader reader = { s, w->problems, w->worker };
	struct stagefile *source = &w->sources[s->stage_count];

	if (!is_name(name)) {
		problems_add(w->problems, PROBLEM_ERROR, named, "\"%.64s\" is no "
		    "name of a stage: at most %d of a-z, 0-9 and -", name,
		    DESCRIPTOR_NAME_MAX);
		w->broken++;
		return SIZE_MAX;
	}
	if (s->stage_count == STAGES_MAX) {
		problems_add(w->problems, PROBLEM_ERROR, named, "more than %d stages",
		    STAGES_MAX);
		w->broken++;
		return SIZE_MAX;
	}
	named.stage = NULL;
	*source = (struct stagefile){ .named = named,
		.name = arena_string(&s->arena, span_of(name)) };
	if (stagefile_load(&reader, source, &s->stages[s->stage_count]) != 0)
		w->broken++;
	return s->stage_count++;
}

static void
pipeline_load(struct wiring *w)
{
	const struct entry *e = file_entry(&w->file->sections[0], "pipeline");

	for (size_t i = 0; e != NULL && i < e->text.count; i++) {
		const char *name = e->text.texts[i];

		if (stage_find(w, name) != SIZE_MAX)
			problems_add(w->problems, PROBLEM_ERROR, place_of(w, e, i),
			    "%s is in pipeline twice: remove one", name);
		else
			stage_add(w, name, place_of(w, e, i));
	}
	w->settings->pipeline_count = w->settings->stage_count;
	if (w->settings->pipeline_count == 0)
		problems_add(w->problems, PROBLEM_WARNING,
		    (struct place){ w->settings->file, NULL,
		    e == NULL ? 0 : e->lines[0] }, "pipeline is empty: nobody proves "
		    "who wrote, everything is accepted");
}

/* The stage that sends answers is there where a route wants some. */
static void
answer_load(struct wiring *w, const struct section *s, const struct setting_route *r)
{
	const struct entry *e = file_entry(s, ANSWER);
	size_t stage = stage_find(w, ANSWER);

	if (!r->answer || e == NULL)
		return;
	if (stage < w->settings->pipeline_count)
		problems_add(w->problems, PROBLEM_ERROR, place_of(w, e, 0), "%s stands in "
		    "pipeline and sends nothing there: take it out", ANSWER);
	else if (stage == SIZE_MAX)
		stage_add(w, ANSWER, place_of(w, e, 0));
}

static void
deliver_load(struct wiring *w, const struct section *s, struct setting_route *r)
{
	const struct entry *e = file_entry(s, "deliver");

	answer_load(w, s, r);
	if (e == NULL)
		return;
	r->deliver = arena_alloc(&w->settings->arena,
	    (e->text.count + 1) * sizeof(*r->deliver));
	for (size_t i = 0; i < e->text.count; i++) {
		size_t stage = stage_find(w, e->text.texts[i]);

		if (strcmp(e->text.texts[i], ANSWER) == 0)
			problems_add(w->problems, PROBLEM_ERROR, place_of(w, e, i),
			    "%s delivers to senders, not from routes: take it out of "
			    "deliver and write answer = true", ANSWER);
		else if (stage < w->settings->pipeline_count)
			problems_add(w->problems, PROBLEM_ERROR, place_of(w, e, i),
			    "%s stands in pipeline and delivers nothing: take it "
			    "out of deliver", e->text.texts[i]);
		if (stage == SIZE_MAX)
			stage = stage_add(w, e->text.texts[i], place_of(w, e, i));
		for (size_t j = 0; j < r->deliver_count; j++)
			if (r->deliver[j] == stage)
				problems_add(w->problems, PROBLEM_ERROR,
				    place_of(w, e, i), "%s is in deliver twice: "
				    "remove one", e->text.texts[i]);
		if (stage != SIZE_MAX)
			r->deliver[r->deliver_count++] = (uint32_t)stage;
	}
}

static void
routes_wire(struct wiring *w)
{
	size_t n = 0;

	for (size_t i = 1; i < w->file->count; i++)
		if (strcmp(w->file->sections[i].name, "route") == 0)
			deliver_load(w, &w->file->sections[i],
			    &w->settings->routes[n++]);
}

static void
order_load(struct wiring *w)
{
	struct settings *s = w->settings;
	struct place *places = arena_alloc(&s->arena,
	    (s->stage_count + 1) * sizeof(*places));

	for (size_t i = 0; i < s->stage_count; i++) {
		places[i] = w->sources[i].named;
		places[i].stage = s->stages[i].name;
	}
	order_check(s, places, w->problems);
}

struct refusal {
	struct wiring *wiring;
	size_t stage;
};

static void
on_refused(void *arg, size_t set, const char *sentence)
{
	const struct refusal *r = arg;
	const struct stagefile *source = &r->wiring->sources[r->stage];
	const struct setting_stage *s = &r->wiring->settings->stages[r->stage];

	problems_add(r->wiring->problems, PROBLEM_ERROR,
	    (struct place){ source->file.path, source->name,
	    set < s->option_sets ? source->set_lines[set] : 0 }, "%s", sentence);
}

/* Only when all else is right: check() relies on it. */
static void
options_check(struct wiring *w)
{
	const struct settings *s = w->settings;
	char why[DESCRIBE_WHY_MAX];
	struct buf b = { 0 };
	int fd;

	settings_pack(&b, s);
	fd = bytes_memfd(buf_span(&b));
	buf_free(&b);
	for (size_t i = 0; fd >= 0 && i < s->stage_count; i++) {
		struct refusal r = { w, i };
		struct describe_check check = { .worker = w->worker,
			.stage = s->stages[i].name, .settings_fd = fd,
			.fn = on_refused, .arg = &r };

		if ((s->stages[i].descriptor.callbacks & DESCRIPTOR_CHECK) != 0 &&
		    describe_check_run(&check, why) != 0)
			problems_add(w->problems, PROBLEM_ERROR,
			    (struct place){ w->sources[i].file.path,
			    s->stages[i].name, 0 }, "%s", why);
	}
	if (fd >= 0)
		close(fd);
	else
		problems_add(w->problems, PROBLEM_ERROR,
		    (struct place){ s->file, NULL, 0 }, "no descriptor is left to "
		    "check the stages with");
}

/* A package that is installed but not enabled. */
static void
unused_report(struct wiring *w)
{
	const char *path = arena_printf(&w->settings->arena, "%s/stages.d",
	    w->settings->conf_dir);
	struct dirent **list;
	int n = scandir(path, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name, *dot = strrchr(name, '.');

		if (dot != NULL && dot != name && strcmp(dot, ".conf") == 0 &&
		    stage_find(w, arena_string(&w->settings->arena,
		    span_make(name, (size_t)(dot - name)))) == SIZE_MAX)
			problems_add(w->problems, PROBLEM_INFO,
			    (struct place){ arena_printf(&w->settings->arena,
			    "%s/%s", path, name), NULL, 0 }, "not in use: no "
			    "pipeline, deliver or answer asks for it");
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

void
wiring_load(struct settings *s, const struct file *file, struct problems *problems)
{
	struct wiring w = { .settings = s, .file = file, .problems = problems,
		.worker = arena_printf(&s->arena, "%s/worker", s->libexec_dir) };

	s->stages = arena_alloc(&s->arena, STAGES_MAX * sizeof(*s->stages));
	w.sources = arena_alloc(&s->arena, STAGES_MAX * sizeof(*w.sources));
	pipeline_load(&w);
	routes_wire(&w);
	if (w.broken == 0)
		order_load(&w);
	if (problems->errors == 0)
		options_check(&w);
	unused_report(&w);
}
