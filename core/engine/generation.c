/* SPDX-License-Identifier: BSD-2-Clause */
/* Generations: what comes in goes to the current one, older ones live until
 * the last of what began with them has ended. */
#include "engine/integrations.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/proto.h"

static void
kill_role(void *arg, uint32_t instance)
{
	const struct generation *g = arg;

	channel_send(g->engine->master, PROTO_KILL, instance, SPAN(""), NULL, 0);
}

static void
other_frame(void *arg, struct pool *pool, struct peer *peer, struct frame *f)
{
	dial_ask(arg, pool, peer, f);
}

static void
member_ready(void *arg, uint32_t instance)
{
	const struct generation *g = arg;

	engine_ready(g->engine, instance);
}

static void
pool_changed(void *arg, struct pool *pool)
{
	const struct generation *g = arg;

	intake_update(g->engine);
	if (strcmp(pool_role(pool), "worker-net") == 0 && g->engine->dispatch != NULL)
		dispatch_wake(g->engine->dispatch);
}

struct pool *
generation_pool(const struct generation *g, const char *role, const char *group)
{
	for (size_t i = 0; i < g->pool_count; i++)
		if (strcmp(pool_role(g->pools[i]), role) == 0 &&
		    strcmp(pool_group(g->pools[i]), group) == 0)
			return g->pools[i];
	return NULL;
}

static struct pool *
pool_add(struct generation *g, const char *role, const char *group, bool ordered)
{
	const struct pool_hooks hooks = { .kill = kill_role, .other = other_frame,
		.ready = member_ready, .changed = pool_changed, .told = true,
		.arg = g };
	struct pool *pool = generation_pool(g, role, group);

	if (pool != NULL)
		return pool;
	if (g->pool_count == ENGINE_POOLS_MAX)
		log_fatal("more than %d groups of stages", ENGINE_POOLS_MAX);
	pool = pool_new(g->engine->loop, role, group, ordered, &hooks);
	return g->pools[g->pool_count++] = pool;
}

static void
pools_make(struct generation *g)
{
	const struct settings *s = g->settings;

	g->pipeline.parser = pool_add(g, "parser", "", true);
	g->pipeline.workers = xcalloc(s->stage_count, sizeof(struct pool *));
	for (size_t i = 0; i < s->stage_count; i++) {
		bool net = (s->stages[i].descriptor.callbacks & DESCRIPTOR_DELIVER) != 0;

		if (net && g->engine->check)
			continue;
		g->pipeline.workers[i] = pool_add(g, net ? "worker-net" : "worker",
		    s->stages[i].group, !net);
	}
}

static void
judged(void *arg, struct mail *m)
{
	struct engine *e = ((struct generation *)arg)->engine;

	if (e->check)
		check_judged(e, m);
	else
		intake_judged(e, m);
}

static void
freed(void *arg, struct mail *m)
{
	struct generation *g = arg;

	if (g->engine->check)
		check_freed(m);
	else
		intake_freed(m);
	generation_look(g);
}

static void
ask_dns(void *arg, struct mail *m, const struct question *q, uint32_t count)
{
	resolver_ask(arg, m, q, count);
}

static bool
is_older(const struct generation *g)
{
	return g->number < g->engine->current->number;
}

static bool
is_over(const struct generation *g)
{
	return is_older(g) && g->fronts == 0 && g->pipeline.mails == 0 && g->attempts == 0;
}

/* With their channels its roles end. */
void
generation_free(struct generation *g)
{
	struct generation **at = &g->engine->generations;

	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	intake_leave(g);
	channel_free(g->resolver);
	dial_forget(g);
	for (size_t i = 0; i < g->pool_count; i++)
		pool_free(g->pools[i]);
	free(g->pipeline.workers);
	settings_free(g->settings);
	free(g);
}

static void
look(struct timer *t)
{
	struct engine *e = t->arg;
	struct generation *g = e->generations, *next;

	for (; g != NULL; g = next) {
		next = g->next;
		if (!is_over(g))
			continue;
		channel_send(e->master, PROTO_OVER, g->number, SPAN(""), NULL, 0);
		generation_free(g);
	}
}

/* Later: who calls may stand in the middle of what is to go. */
void
generation_look(struct generation *g)
{
	struct engine *e = g->engine;

	if (is_older(g) && e->look.slot == 0)
		timer_set(e->loop, &e->look, 0);
}

struct generation *
generation_find(const struct engine *e, uint32_t number)
{
	struct generation *g = e->generations;

	while (g != NULL && g->number != number)
		g = g->next;
	return g;
}

struct generation *
generation_new(struct engine *e, uint32_t number, struct settings *s)
{
	struct generation *g = xcalloc(1, sizeof(*g));

	*g = (struct generation){ .next = e->generations, .engine = e,
		.number = number, .settings = s,
		.pipeline = { .loop = e->loop, .traffic = &e->traffic, .settings = s,
		.poisons = &e->poisons, .check = e->check, .ops = { .dns = ask_dns, .claim_key = claim_key,
		.look = claim_look, .get = claim_get, .judged = judged,
		.freed = freed, .proven = record_proven, .own = reply_is_own,
		.keep_poisons = claim_poisons_keep, .arg = g } } };
	e->generations = g;
	e->look.fn = look;
	e->look.arg = e;
	pools_make(g);
	return g;
}

void
generation_make_current(struct generation *g)
{
	struct engine *e = g->engine;

	e->current = g;
	g->since_s = now_s();
	intake_serve(g);
	intake_update(e);
	integrations_take(e->integrations);
	dispatch_wake(e->dispatch);
	for (g = e->generations; g != NULL; g = g->next)
		generation_look(g);
}

static void
roles_add(const struct generation *g, json_t *roles)
{
	for (size_t i = 0; i < g->pool_count; i++)
		json_array_append_new(roles, json_pack("{s:i,s:s,s:s,s:i,s:b,s:i}",
		    "generation", (int)g->number, "role", pool_role(g->pools[i]),
		    "group", pool_group(g->pools[i]),
		    "running", (int)pool_members(g->pools[i]),
		    "ready", pool_ready(g->pools[i]),
		    "deaths", (int)pool_deaths(g->pools[i])));
	json_array_append_new(roles, json_pack("{s:i,s:s,s:b,s:b}", "generation",
	    (int)g->number, "role", "resolver", "running", g->resolver != NULL,
	    "ready", g->resolver != NULL));
	json_array_append_new(roles, json_pack("{s:i,s:s,s:b,s:b}", "generation",
	    (int)g->number, "role", "front", "running", g->fronts > 0,
	    "ready", g->fronts > 0));
}

json_t *
generation_status(const struct engine *e)
{
	json_t *roles = json_array(), *generations = json_array();

	for (const struct generation *g = e->generations; g != NULL; g = g->next) {
		roles_add(g, roles);
		json_array_append_new(generations, json_pack("{s:i,s:s,s:i,s:i,s:b,s:I}",
		    "generation", (int)g->number, "state", g == e->current ? "current" :
		    is_older(g) ? "draining" : "starting", "mails", (int)g->pipeline.mails,
		    "deliveries", (int)g->attempts, "sessions", g->fronts > 0,
		    "age_s", (json_int_t)(g->since_s == 0 ? 0 : now_s() - g->since_s)));
	}
	return json_pack("{s:o,s:o}", "roles", roles, "generations", generations);
}
