/* SPDX-License-Identifier: BSD-2-Clause */
/* Generations as the master sees them: configuration, sockets, processes. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proto.h"
#include "master/listen.h"
#include "master/role.h"

static void
listeners_close(struct generation *g)
{
	for (size_t i = 0; g->listeners != NULL && i < g->config->settings->listener_count; i++)
		close(g->listeners[i]);
	free(g->listeners);
	g->listeners = NULL;
}

static void
on_patience(struct timer *t)
{
	struct generation *g = t->arg;

	for (struct role *role = g->roles->list; role != NULL; role = role->next)
		if (role->generation == g && role->pid != 0) {
			log_warning("%s of generation %u did not end and is killed",
			    role->instance, g->number);
			role_kill(role, SIGKILL);
		}
}

static void
roles_list(struct generation *g)
{
	const struct settings *s = g->config->settings;

	role_new(g->roles, g, "parser", "");
	role_new(g->roles, g, "resolver", "");
	for (size_t i = 0; i < s->stage_count; i++) {
		const struct setting_stage *stage = &s->stages[i];
		bool net = (stage->descriptor.callbacks & DESCRIPTOR_DELIVER) != 0;

		if (!config_is_first_of_group(s, i))
			continue;
		for (uint32_t n = config_workers(s, stage->group); n > 0; n--)
			role_new(g->roles, g, net ? "worker-net" : "worker", stage->group);
	}
	role_new(g->roles, g, "front", "");
}

struct generation *
generation_new(struct roles *r, struct config *c, int *listeners)
{
	struct generation *g = xcalloc(1, sizeof(*g));

	*g = (struct generation){ .next = r->generations, .roles = r,
		.number = ++r->last_generation, .config = c, .listeners = listeners,
		.patience = { .fn = on_patience, .arg = g } };
	r->generations = g;
	roles_list(g);
	return g;
}

int
generation_start(struct generation *g)
{
	int error = 0;

	for (struct role *role = g->roles->list; role != NULL && error == 0; role = role->next)
		if (role->generation == g)
			error = role_start(role);
	return error;
}

void
generation_announce(const struct generation *g)
{
	channel_send(g->roles->engine, PROTO_GENERATION, g->number, SPAN(""),
	    &g->config->settings_fd, 1);
}

bool
generation_is_ready(const struct generation *g)
{
	for (const struct role *role = g->roles->list; role != NULL; role = role->next)
		if (role->generation == g && !role->ready)
			return false;
	return true;
}

static void
fronts_kill(const struct generation *g, int signal)
{
	for (const struct role *role = g->roles->list; role != NULL; role = role->next)
		if (role->generation == g && role_is(role, "front"))
			role_kill(role, signal);
}

/* Its front keeps the sessions it has; one that is not there is not missed. */
static void
drain(struct generation *g)
{
	g->state = GENERATION_DRAINING;
	fronts_kill(g, SIGHUP);
	for (struct role *role = g->roles->list; role != NULL; role = role->next)
		if (role->generation == g && role_is(role, "front"))
			timer_clear(g->roles->options.loop, &role->restart);
	listeners_close(g);
}

/* However often one reloads: the oldest is hurried when there are too many. */
static void
crowd_thin(struct roles *r)
{
	size_t n = 0;

	for (struct generation *g = r->generations; g != NULL; g = g->next)
		if (g->state == GENERATION_DRAINING && ++n > ROLES_DRAINING_MAX)
			fronts_kill(g, SIGHUP);
}

void
generation_make_current(struct generation *g)
{
	struct roles *r = g->roles;
	struct generation *old = r->current;

	timer_clear(r->options.loop, &g->patience);
	g->state = GENERATION_CURRENT;
	r->current = g;
	channel_send(r->engine, PROTO_CURRENT, g->number, SPAN(""), NULL, 0);
	listen_forget(old->config->settings, g->config->settings);
	drain(old);
	crowd_thin(r);
}

void
generation_end(struct generation *g, int patience_ms)
{
	g->state = GENERATION_OVER;
	listeners_close(g);
	for (struct role *role = g->roles->list; role != NULL; role = role->next)
		if (role->generation == g) {
			timer_clear(g->roles->options.loop, &role->restart);
			if (patience_ms == 0)
				role_kill(role, SIGKILL);
		}
	g->patience.fn = on_patience;
	timer_set(g->roles->options.loop, &g->patience, ORPHAN_MS);
	generation_look(g);
}

void
generation_look(struct generation *g)
{
	if (g->state != GENERATION_OVER)
		return;
	for (const struct role *role = g->roles->list; role != NULL; role = role->next)
		if (role->generation == g && role->pid != 0)
			return;
	generation_free(g);
}

void
generation_free(struct generation *g)
{
	struct generation **at = &g->roles->generations;

	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	for (struct role *role = g->roles->list, *next; role != NULL; role = next) {
		next = role->next;
		if (role->generation == g)
			role_free(role);
	}
	timer_clear(g->roles->options.loop, &g->patience);
	listeners_close(g);
	config_free(g->config);
	free(g);
}
