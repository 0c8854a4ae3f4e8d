/* SPDX-License-Identifier: BSD-2-Clause */
/* Which integrations there are, and what is told of them. */
#include "engine/integrations.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

struct integrations {
	struct engine *engine;
	struct integrated *list;	/* in force first, those gone behind */
	struct queue_paused paused;	/* at the start; then those a person paused */
	enum { UNREAD, READING, READ } read;
};

/* A record, and targets to be woken with it. */
struct telling {
	struct queue_record record;
	struct arena arena;
	struct journal_entry entry;
	struct engine *engine;
};

struct waking {
	struct queue_wake wake;
	struct engine *engine;
};

static struct integration_moment
moment(void)
{
	struct integration_moment m = { .now_ms = now_ms() };

	hash_random(&m.random, sizeof(m.random));
	return m;
}

/* ---- what is told ---- */

static void
recorded(struct store_job *job)
{
	struct telling *t = job->arg;

	engine_committed(t->engine);
	arena_free(&t->arena);
	free(t);
}

static void
record(const struct integrated *i, bool paused, const char *reason)
{
	struct telling *t = xcalloc(1, sizeof(*t));
	char event[40];
	struct audit_event e = { .event = event, .time_s = now_s(),
		.action = paused ? SPAN("mailtri.integration.paused") :
		    SPAN("mailtri.integration.resumed"),
		.permitted = true,
		.status = paused ? AUDIT_DEFERRED : AUDIT_SUCCESS,
		.reason = span_of(reason) };

	event_make(event);
	e.target = span_of(i->alone ? i->stage :
	    arena_printf(&t->arena, "%s %s", i->stage, i->target));
	if (audit_entry(&t->arena, &e, NULL, &t->entry) != 0)
		log_panic("an audit entry of %s cannot be made", i->stage);
	t->engine = i->all->engine;
	t->record = (struct queue_record){ .now_s = e.time_s, .entries = &t->entry,
		.entry_count = 1, .job = { .done = recorded, .arg = t } };
	queue_record(t->engine->store, &t->record);
}

static void
woken(struct store_job *job)
{
	struct waking *w = job->arg;

	dispatch_wake(w->engine->dispatch);
	free(w);
}

void
integrations_wake(struct integrations *all, const char *stage, bool keep)
{
	struct waking *w = xcalloc(1, sizeof(*w));

	w->engine = all->engine;
	w->wake = (struct queue_wake){ .keep = keep, .now_ms = now_ms(),
		.give_up_s = now_s() + all->engine->current->settings->limits.deliver_age_s,
		.job = { .done = woken, .arg = w } };
	snprintf(w->wake.stage, sizeof(w->wake.stage), "%s", stage);
	queue_wake(w->engine->store, &w->wake);
}

/* reason: why it is paused no more. */
static void
tell(struct integrated *i, enum integration_change change, const char *reason)
{
	const char *target = i->alone ? "" : i->target;

	if (change == INTEGRATION_OPENED)
		log_warning("integration %s %s fails, reason=%s: it is called one mail at a "
		    "time until one succeeds", i->stage, target, i->it.reason);
	if (change == INTEGRATION_CLOSED)
		log_info("integration %s %s works again", i->stage, target);
	if (change == INTEGRATION_REFUSED) {
		log_error("integration %s %s is paused, reason=%s: its mail is kept; put its "
		    "credentials right and reload, or mailtrictl queue resume %s", i->stage,
		    target, i->it.reason, i->stage);
		record(i, true, i->it.reason);
	}
	if (change == INTEGRATION_RESUMED) {
		log_info("integration %s %s goes on, reason=%s", i->stage, target, reason);
		record(i, false, reason);
	}
	if (change == INTEGRATION_RESUMED || (change == INTEGRATION_CLOSED && i->left)) {
		i->left = false;
		integrations_wake(i->all, i->stage, false);
	}
}

/* ---- which there are ---- */

static void
integrated_free(struct integrated *i)
{
	free(i->target);
	free(i->route);
	free(i->routes);
	free(i);
}

static void
text_set(char **text, struct buf *b)
{
	free(*text);
	*text = b->len == 0 ? NULL : strdup(buf_string(b));
	buf_free(b);
}

static char *
target_of(const struct setting_stage *s, const struct setting_options *o)
{
	struct buf b = { 0 };
	char *text = NULL;

	for (size_t i = 0; i < s->descriptor.option_count; i++) {
		if (s->descriptor.options[i].type != MT_OPT_TARGET || o->values[i].list == NULL)
			continue;
		buf_add_string(&b, b.len == 0 ? "" : " ");
		buf_add_string(&b, o->values[i].list[0]);
	}
	text_set(&text, &b);
	return text != NULL ? text : strdup("");
}

/* Out of a list, or NULL. */
static struct integrated *
take_same(struct integrated **list, const char *stage, const char *target)
{
	for (struct integrated **at = list; *at != NULL; at = &(*at)->next)
		if (strcmp((*at)->stage, stage) == 0 && strcmp((*at)->target, target) == 0) {
			struct integrated *i = *at;

			*at = i->next;
			return i;
		}
	return NULL;
}

/* By a person, whether or not it is configured now. */
static bool
is_operated(const struct integrations *all, const char *stage)
{
	for (size_t n = 0; n < all->paused.count; n++)
		if (all->paused.stages[n].operated &&
		    strcmp(all->paused.stages[n].stage, stage) == 0)
			return true;
	return false;
}

void
integrations_operated(struct integrations *all, const char *stage, bool pause)
{
	struct queue_paused *p = &all->paused;
	size_t kept = 0;

	for (size_t n = 0; n < p->count; n++)
		if (p->stages[n].operated && strcmp(p->stages[n].stage, stage) != 0)
			p->stages[kept++] = p->stages[n];
	p->count = kept;
	if (!pause || p->count == QUEUE_PAUSED_MAX)
		return;
	p->stages[p->count].operated = true;
	snprintf(p->stages[p->count++].stage, QUEUE_NAME_SIZE, "%s", stage);
}

static void
set_rules(struct integrated *i, const struct settings *s, uint32_t index)
{
	const struct setting_stage *stage = &s->stages[index];

	i->index = index;
	i->it.schedule = (struct schedule){ s->limits.retry_min_s, s->limits.retry_max_s };
	i->it.concurrency = stage->concurrency;
	i->it.has_probe = (stage->descriptor.callbacks & DESCRIPTOR_PROBE) != 0;
}

/* The integration of one set of options: that of an earlier set, the one
 * there was before, or a new one. */
static void
set_take(struct integrations *all, struct integrated **old, uint32_t index, size_t set)
{
	const struct settings *s = all->engine->current->settings;
	const struct setting_stage *stage = &s->stages[index];
	char *target = target_of(stage, &stage->options[set]);
	struct integrated *i = take_same(&all->list, stage->name, target);
	struct buf route = { 0 };

	if (i == NULL) {
		i = take_same(old, stage->name, target);
		if (i == NULL) {
			i = xcalloc(1, sizeof(*i));
			i->all = all;
			i->target = strdup(target);
			snprintf(i->stage, sizeof(i->stage), "%s", stage->name);
			if (is_operated(all, stage->name))
				integration_pause(&i->it);
		}
		if (stage->options[set].route != NULL)
			buf_add_string(&route, stage->options[set].route);
		text_set(&i->route, &route);
		i->gone = false;
		set_rules(i, s, index);
		integration_look(&i->it, now_ms());
	}
	i->next = all->list;
	all->list = i;
	free(target);
}

/* Which routes lead there: the base has all that no section leads elsewhere. */
static void
routes_set(struct integrated *i, const struct setting_stage *stage)
{
	struct buf b = { 0 };
	char *base = target_of(stage, &stage->options[0]);

	i->others = strcmp(base, i->target) == 0;
	for (size_t n = 1; n < stage->option_sets; n++) {
		char *target = target_of(stage, &stage->options[n]);

		if ((strcmp(target, i->target) == 0) != i->others) {
			buf_add_string(&b, b.len == 0 ? "\n" : "");
			for (const char *p = stage->options[n].route; *p != '\0'; p++)
				buf_add(&b, &(char){ (char)tolower((unsigned char)*p) }, 1);
			buf_add_string(&b, "\n");
		}
		free(target);
	}
	i->alone = b.len == 0;
	text_set(&i->routes, &b);
	free(base);
}

/* What nobody needs any more goes; the rest when its last call ends. */
static void
old_leave(struct integrations *all, struct integrated *old)
{
	struct integrated **end = &all->list;

	while (*end != NULL)
		end = &(*end)->next;
	for (struct integrated *next; old != NULL; old = next) {
		next = old->next;
		if (!old->gone && old->it.state == INTEGRATION_PAUSED && !old->it.operated)
			tell(old, INTEGRATION_RESUMED, "configuration.changed");
		old->gone = true;
		old->next = NULL;
		if (old->it.out == 0 && !old->it.probing) {
			integrated_free(old);
			continue;
		}
		*end = old;
		end = &old->next;
	}
}

void
integrations_take(struct integrations *all)
{
	const struct settings *s = all->engine->current->settings;
	struct integrated *old = all->list;

	all->list = NULL;
	for (uint32_t n = 0; n < s->stage_count; n++) {
		if ((s->stages[n].descriptor.callbacks & DESCRIPTOR_DELIVER) == 0)
			continue;
		for (size_t set = 0; set < s->stages[n].option_sets; set++)
			set_take(all, &old, n, set);
	}
	for (struct integrated *i = all->list; i != NULL; i = i->next)
		routes_set(i, &s->stages[i->index]);
	old_leave(all, old);
}

struct integrations *
integrations_new(struct engine *e)
{
	struct integrations *all = xcalloc(1, sizeof(*all));

	all->engine = e;
	integrations_take(all);
	return all;
}

struct integrated *
integrations_next(struct integrations *all, struct integrated *i, const char *stage)
{
	for (i = i == NULL ? all->list : i->next; i != NULL; i = i->next)
		if (!i->gone && strcmp(i->stage, stage) == 0)
			break;
	return i;
}

static bool
leads(const struct integrated *i, const char *route)
{
	size_t len = strlen(route);
	const char *at = *route == '\0' ? NULL : i->routes;

	while (at != NULL && (at = strcasestr(at, route)) != NULL && (at[-1] != '\n' || at[len] != '\n'))
		at++;
	return (at != NULL) != i->others;
}

struct integrated *
integrations_find(struct integrations *all, const char *stage, const char *route)
{
	struct integrated *i = NULL;

	do
		i = integrations_next(all, i, stage);
	while (i != NULL && i->routes != NULL && !leads(i, route));
	return i;
}

/* ---- what an earlier process left ---- */

static void
left_read(struct store_job *job)
{
	struct integrations *all = job->arg;

	all->read = READ;
	for (size_t n = 0; n < all->paused.count; n++) {
		const struct queue_paused_stage *p = &all->paused.stages[n];
		struct integrated *i = NULL;

		while ((i = integrations_next(all, i, p->stage)) != NULL) {
			i->left = i->left || !p->operated;
			if (p->operated)
				integration_pause(&i->it);
			else
				integration_recover(&i->it);
		}
		if (!p->operated)
			integrations_wake(all, p->stage, true);
	}
	dispatch_wake(all->engine->dispatch);
}

bool
integrations_ready(struct integrations *all)
{
	if (all->read != UNREAD)
		return all->read == READ;
	all->read = READING;
	all->paused = (struct queue_paused){ .job = { .done = left_read, .arg = all } };
	queue_paused(all->engine->store, &all->paused);
	return false;
}

/* ---- calls ---- */

static void
probe_done(struct probe *p, enum probe_end end, const struct outcome *o)
{
	struct integrated *i = p->arg;
	struct generation *g = i->probed_by;

	tell(i, integration_probed(&i->it, end == PROBE_ANSWERED && probe_passed(o), moment()),
	    "probe.passed");
	i->probed_by = NULL;
	g->attempts--;
	generation_look(g);
	dispatch_wake(g->engine->dispatch);
}

static void
probe_begin(struct integrated *i)
{
	struct generation *g = i->all->engine->current;

	i->it.probing = true;
	i->probed_by = g;
	g->attempts++;
	i->probe = (struct probe){ .stage = i->index, .route = i->route, .done = probe_done,
		.arg = i };
	probe_start(&i->probe, g->pipeline.workers[i->index], ++g->engine->traffic.last_id,
	    g->settings->stages[i->index].deadline_ms);
}

bool
integrated_has_room(const struct integrated *i, bool full)
{
	return integration_room(&i->it, now_ms()) > 0 && (!full || i->it.out == 0);
}

/* Gone ones whose last call has ended are forgotten here, where nobody holds
 * one. */
static void
sweep(struct integrations *all)
{
	struct integrated **at = &all->list, *i;

	while ((i = *at) != NULL) {
		if (!i->gone || i->it.out > 0 || i->it.probing) {
			at = &i->next;
			continue;
		}
		*at = i->next;
		integrated_free(i);
	}
}

const struct queue_lane *
integrations_lanes(struct integrations *all, struct arena *arena, bool full, size_t *count)
{
	struct queue_lane *lanes;
	size_t n = 0;

	sweep(all);
	for (const struct integrated *i = all->list; i != NULL; i = i->next)
		n++;
	lanes = arena_alloc(arena, n * sizeof(*lanes));
	*count = 0;
	for (struct integrated *i = all->list; i != NULL && !i->gone; i = i->next) {
		bool room = integrated_has_room(i, full);

		if (integration_wants_probe(&i->it, now_ms()))
			probe_begin(i);
		/* What is out may not be begun yet, and come again. */
		lanes[(*count)++] = (struct queue_lane){ .stage = arena_string(arena,
		    span_of(i->stage)), .routes = i->routes == NULL ? NULL :
		    arena_string(arena, span_of(i->routes)), .others = i->others,
		    .max = room ? integration_room(&i->it, now_ms()) + i->it.out : 0 };
	}
	return lanes;
}

int64_t
integrations_due(const struct integrations *all, int64_t since_ms)
{
	int64_t first = INT64_MAX;

	for (const struct integrated *i = all->list; i != NULL && !i->gone; i = i->next) {
		int64_t next = integration_next(&i->it, since_ms);

		first = next < first ? next : first;
	}
	return first;
}

uint32_t
integrated_begin(struct integrated *i)
{
	return integration_begin(&i->it);
}

void
integrated_end(struct integrated *i)
{
	integration_end(&i->it);
}

void
integrated_outcome(struct integrated *i, uint32_t era, const struct mt_delivery *d)
{
	enum integration_change change = integration_outcome(&i->it, era, d, moment());

	if (!i->gone)
		tell(i, change, "dispatch.delivered");
}

/* ---- asked ---- */

static int64_t
until_ms(const struct integration *it)
{
	int64_t until = it->state == INTEGRATION_RUNNING ? 0 : it->until_ms;

	return it->operated ? 0 : until > it->limited_ms ? until : it->limited_ms;
}

json_t *
integrations_status(const struct integrations *all)
{
	json_t *list = json_array();
	int64_t now = now_ms();

	for (const struct integrated *i = all->list; i != NULL && !i->gone; i = i->next) {
		const char *word = integration_word(&i->it, now);
		bool well = strcmp(word, "running") == 0;

		json_array_insert_new(list, 0, json_pack("{s:s,s:s,s:s,s:s,s:I,s:i,s:i}",
		    "stage", i->stage, "target", i->target, "state", word,
		    "reason", well ? "" : i->it.reason,
		    "until_s", (json_int_t)(well ? 0 : until_ms(&i->it) / 1000),
		    "calls", (int)i->it.out, "concurrency", (int)i->it.concurrency));
	}
	return list;
}

bool
integrations_wait(const char *stage, const char *route, struct handlers_wait *out, void *arg)
{
	struct integrated *i = integrations_find(((struct engine *)arg)->integrations, stage, route);

	if (i == NULL) {
		*out = (struct handlers_wait){ .state = "missing", .reason = "host.stage.missing" };
		return true;
	}
	*out = (struct handlers_wait){ .state = integration_word(&i->it, now_ms()),
		.reason = i->it.reason, .until_s = until_ms(&i->it) / 1000 };
	return strcmp(out->state, "running") != 0;
}
