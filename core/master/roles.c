/* SPDX-License-Identifier: BSD-2-Clause */
/* Supervision: who runs, what a death costs, the order of the end. */
#include "master/roles.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proto.h"
#include "base/spawn.h"
#include "master/role.h"

enum { FRONT_STOP_MS = 15000, ENGINE_STOP_MS = 10000, REST_STOP_MS = 2000 };

static struct role *
engine_of(const struct roles *r)
{
	return r->list;
}

static struct role *
role_find(const struct roles *r, uint32_t id)
{
	struct role *role = r->list;

	while (role != NULL && (role->id != id || role->pid == 0))
		role = role->next;
	return role;
}

static void
is_ready(struct roles *r, uint32_t instance)
{
	struct role *role = role_find(r, instance);

	if (instance == 0 && !r->ready) {
		r->ready = true;
		r->options.on_ready(r->options.arg);
		reload_go_on(r);
	} else if (instance != 0 && role != NULL) {
		role->ready = true;
		reload_role_ready(role);
	}
}

static void
is_over(struct roles *r, uint32_t number)
{
	struct generation *g = r->generations;

	while (g != NULL && g->number != number)
		g = g->next;
	if (g != NULL && g->state == GENERATION_DRAINING) {
		log_info("generation %u is over", number);
		generation_end(g, ORPHAN_MS);
	}
}

static void
is_to_die(struct roles *r, uint32_t instance)
{
	const struct role *role = role_find(r, instance);

	if (role != NULL && role != engine_of(r))
		role_kill(role, SIGKILL);
}

static void
engine_frame(struct channel *c, struct frame *f, void *arg)
{
	static const struct {
		uint32_t type;
		void (*fn)(struct roles *, uint32_t id);
	} table[] = {
		{ PROTO_KILL, is_to_die }, { PROTO_READY, is_ready },
		{ PROTO_OVER, is_over }, { PROTO_RELOAD, reload_request },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].type == f->type) {
			table[i].fn(arg, f->id);
			return;
		}
	channel_fail(c);
}

/* Its death is seen by its pidfd; a channel lost without it is a lie. */
static void
engine_gone(struct channel *c, void *arg)
{
	struct roles *r = arg;

	(void)c;
	if (r->stopping < STOP_ENGINE)
		role_kill(engine_of(r), SIGKILL);
}

void
roles_engine(struct roles *r, int fd)
{
	r->engine = channel_new(r->options.loop, fd, engine_frame, engine_gone, r);
	channel_send(r->engine, PROTO_CONTROL, 0, SPAN(""), &r->options.control, 1);
	for (struct role *role = engine_of(r)->next; role != NULL; role = role->next)
		if (role->pid == 0 && role->restart.slot == 0 &&
		    (role->generation == NULL || role->generation == r->current))
			timer_set(r->options.loop, &role->restart, 0);
}

static void
stop_on(struct roles *r)
{
	static const struct {
		enum stopping next;
		int patience_ms;
	} phases[] = {
		[STOP_FRONT] = { STOP_ENGINE, ENGINE_STOP_MS },
		[STOP_ENGINE] = { STOP_REST, REST_STOP_MS },
	};

	if (r->stopping == STOP_REST)
		return;
	timer_set(r->options.loop, &r->patience, phases[r->stopping].patience_ms);
	r->stopping = phases[r->stopping].next;
	channel_free(r->engine);	/* its end is what tells the engine */
	r->engine = NULL;
}

/* name NULL: all. */
static size_t
running(const struct roles *r, const char *name)
{
	size_t n = 0;

	for (const struct role *role = r->list; role != NULL; role = role->next)
		n += role->pid != 0 && (name == NULL || role_is(role, name));
	return n;
}

static void
stop_look(struct roles *r)
{
	if (r->stopping == STOP_FRONT && running(r, "front") == 0)
		stop_on(r);
	if (r->stopping == STOP_ENGINE && engine_of(r)->pid == 0)
		stop_on(r);
	if (running(r, NULL) > 0)
		return;
	timer_clear(r->options.loop, &r->patience);
	channel_free(r->engine);
	r->engine = NULL;
	r->options.on_end(r->options.arg, r->status);
}

/* Who overstays his phase is killed; that is no orderly end. */
static void
on_patience(struct timer *t)
{
	struct roles *r = t->arg;

	for (const struct role *role = r->list; role != NULL; role = role->next) {
		bool due = r->stopping == STOP_FRONT ? role_is(role, "front") :
		    r->stopping == STOP_ENGINE ? role == engine_of(r) : true;

		if (!due || role->pid == 0)
			continue;
		log_warning("%s did not stop in time and is killed", role->instance);
		r->status = EXIT_FAILURE;
		role_kill(role, SIGKILL);
	}
}

/* With it go all mails and sessions, and so every older generation. */
static void
engine_died(struct roles *r)
{
	channel_free(r->engine);
	r->engine = NULL;
	reload_engine_died(r);
	for (struct role *role = r->list; role != NULL; role = role->next)
		if (role->pid != 0)
			timer_set(r->options.loop, &role->orphan, ORPHAN_MS);
	for (struct generation *g = r->generations, *next; g != NULL; g = next) {
		next = g->next;
		if (g->state == GENERATION_DRAINING)
			generation_end(g, ORPHAN_MS);
	}
}

/* What never worked will not work by itself: say so, and end. */
static bool
is_hopeless(struct role *role)
{
	return !role->roles->ready &&
	    ++role->first_deaths >= ROLES_FIRST_DEATHS_MAX;
}

static void
died_in_force(struct role *role, int status)
{
	struct roles *r = role->roles;
	char how[64];

	if (role_has_followed(status) || !is_hopeless(role)) {
		role_restart(role, status);
		return;
	}
	log_error("%s ended %d times (%s) before mail could be taken: see "
	    "its lines above", role->instance, role->first_deaths,
	    spawn_status(how, sizeof(how), status));
	r->status = EXIT_FAILURE;
	roles_stop(r);
}

/* What it had in hand is judged by it. */
static void
death_tell(const struct role *role, int status)
{
	struct buf b = { 0 };

	pack_u32(&b, WIFSIGNALED(status) ? (uint32_t)WTERMSIG(status) : 0);
	channel_send(role->roles->engine, PROTO_DIED, role->id, buf_span(&b), NULL, 0);
	buf_free(&b);
}

void
roles_died(struct role *role, int status)
{
	struct roles *r = role->roles;
	struct generation *g = role->generation;

	if (role == engine_of(r))
		engine_died(r);
	else if (r->engine != NULL)
		death_tell(role, status);
	if (r->stopping != STOP_NOT)
		stop_look(r);
	else if (g == NULL || g->state == GENERATION_CURRENT)
		died_in_force(role, status);
	else if (g->state == GENERATION_STARTING)
		reload_role_died(role, status);
	else if (g->state == GENERATION_OVER)
		generation_look(g);
	else if (!role_is(role, "front"))
		role_restart(role, status);	/* mails of that generation wait for it */
}

struct roles *
roles_new(const struct roles_options *options)
{
	struct roles *r = xcalloc(1, sizeof(*r));
	struct role *role;

	r->options = *options;
	r->patience = (struct timer){ .fn = on_patience, .arg = r };
	role_new(r, NULL, "engine", "");
	role_new(r, NULL, "keys", "");
	r->current = generation_new(r, options->config, options->listeners);
	r->current->state = GENERATION_CURRENT;
	for (role = r->list; role != NULL; role = role->next)
		if (role_start(role) != 0) {
			roles_free(r);
			return NULL;
		}
	return r;
}

void
roles_reload(struct roles *r)
{
	reload_request(r, 0);
}

void
roles_stop(struct roles *r)
{
	if (r->stopping != STOP_NOT) {
		r->stopping = STOP_REST;
		on_patience(&r->patience);
		return;
	}
	r->stopping = STOP_FRONT;
	reload_cancel(r);
	for (struct role *role = r->list; role != NULL; role = role->next) {
		timer_clear(r->options.loop, &role->restart);
		if (role_is(role, "front"))
			role_kill(role, SIGTERM);
	}
	timer_set(r->options.loop, &r->patience, FRONT_STOP_MS);
	stop_look(r);
}

const struct settings *
roles_settings(const struct roles *r)
{
	return r->current->config->settings;
}

const int *
roles_listeners(const struct roles *r)
{
	return r->current->listeners;
}

void
roles_free(struct roles *r)
{
	reload_cancel(r);
	while (r->generations != NULL)
		generation_free(r->generations);
	while (r->list != NULL)
		role_free(r->list);
	timer_clear(r->options.loop, &r->patience);
	channel_free(r->engine);
	free(r);
}
