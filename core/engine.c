/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine: walks mails through the pipeline, holds state and claims,
 * commits, schedules dispatch, writes the audit log.  No network, no
 * parsing, no foreign code.
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/proto.h"
#include "base/sandbox.h"
#include "engine/engine.h"

enum { MINUTE_MS = 60000, ROOM_MS = 2000, TRIM_BYTES = 16 << 20 };

int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
now_s(void)
{
	return now_ms() / 1000;
}

static void
kill_role(void *arg, uint32_t instance)
{
	struct engine *e = arg;

	channel_send(e->master, PROTO_KILL, instance, SPAN(""), NULL, 0);
}

static void
role_serves(void *arg, uint32_t instance)
{
	struct engine *e = arg;

	channel_send(e->master, PROTO_SERVES, instance, SPAN(""), NULL, 0);
}

static void
other_frame(void *arg, struct pool *pool, struct peer *peer, struct frame *f)
{
	struct engine *e = arg;

	if (e->dispatch != NULL)
		dispatch_other(e->dispatch, pool, peer, f);
}

static void
pool_changed(void *arg, struct pool *pool)
{
	struct engine *e = arg;

	intake_update(e);
	if (strcmp(pool_role(pool), "worker-net") == 0 && e->dispatch != NULL)
		dispatch_wake(e->dispatch);
}

struct pool *
engine_pool(struct engine *e, const char *role, const char *group)
{
	for (size_t i = 0; i < e->pool_count; i++)
		if (strcmp(pool_role(e->pools[i]), role) == 0 &&
		    strcmp(pool_group(e->pools[i]), group) == 0)
			return e->pools[i];
	return NULL;
}

static struct pool *
pool_add(struct engine *e, const char *role, const char *group, bool ordered)
{
	const struct pool_hooks hooks = { .kill = kill_role, .other = other_frame,
		.changed = pool_changed, .ready = role_serves, .told = true, .arg = e };
	struct pool *pool = engine_pool(e, role, group);

	if (pool != NULL)
		return pool;
	if (e->pool_count == ENGINE_POOLS_MAX)
		log_fatal("more than %d groups of stages", ENGINE_POOLS_MAX);
	pool = pool_new(e->loop, role, group, ordered, &hooks);
	return e->pools[e->pool_count++] = pool;
}

static void
pools_make(struct engine *e)
{
	const struct settings *s = e->settings;

	e->pipeline.parser = pool_add(e, "parser", "", true);
	e->pipeline.workers = xcalloc(s->stage_count, sizeof(struct pool *));
	for (size_t i = 0; i < s->stage_count; i++) {
		bool net = (s->stages[i].descriptor.callbacks & DESCRIPTOR_DELIVER) != 0;

		if (net && e->check)
			continue;
		e->pipeline.workers[i] = pool_add(e, net ? "worker-net" : "worker",
		    s->stages[i].group, !net);
	}
}

static void
judged(void *arg, struct mail *m)
{
	struct engine *e = arg;

	if (e->check)
		check_judged(e, m);
	else
		intake_judged(e, m);
}

static void
freed(void *arg, struct mail *m)
{
	struct engine *e = arg;

	if (e->check)
		check_freed(m);
	else
		intake_freed(m);
}

static void
ask_dns(void *arg, struct mail *m, const struct question *q, uint32_t count)
{
	resolver_ask(arg, m, q, count);
}

static void
store_event(struct watch *w, uint32_t events)
{
	(void)events;
	store_reap(((struct engine *)w->arg)->store);
}

void
engine_committed(struct engine *e)
{
	publisher_wake(e->publisher);
}

/* Room comes back by itself; so does what waits for its minute. */
static void
every_while(struct timer *t)
{
	struct engine *e = t->arg;
	static int64_t purged_s;

	intake_update(e);
	commit_early(e, false);
	if (e->recovered && (now_s() - purged_s >= MINUTE_MS / 1000 || fault_error("purge.due"))) {
		purged_s = now_s();
		purge_run(e);
	}
	timer_set(e->loop, t, ROOM_MS);
}

static json_t *
status_roles(void *arg)
{
	struct engine *e = arg;
	json_t *roles = json_array(), *out = json_object();

	for (size_t i = 0; i < e->pool_count; i++)
		json_array_append_new(roles, json_pack("{s:s,s:s,s:i,s:b,s:i}",
		    "role", pool_role(e->pools[i]), "group", pool_group(e->pools[i]),
		    "running", (int)pool_members(e->pools[i]),
		    "ready", pool_ready(e->pools[i]), "deaths", (int)pool_deaths(e->pools[i])));
	json_array_append_new(roles, json_pack("{s:s,s:b,s:b}", "role", "resolver",
	    "running", e->resolver != NULL, "ready", e->resolver != NULL));
	json_array_append_new(roles, json_pack("{s:s,s:b,s:b}", "role", "front",
	    "running", e->fronts != NULL, "ready", e->fronts != NULL));
	json_array_append_new(roles, json_pack("{s:s,s:b,s:b}", "role", "keys",
	    "running", e->has_key, "ready", e->has_key));
	json_object_set_new(out, "roles", roles);
	json_object_set_new(out, "intake", json_boolean(e->intake_open));
	json_object_set_new(out, "dispatch", json_string(e->paused ? "paused" : "running"));
	json_object_set_new(out, "mails_in_flight", json_integer((json_int_t)e->pipeline.mails.used));
	json_object_set_new(out, "slots_ahead", json_integer((json_int_t)slots_count(e->slots)));
	json_object_set_new(out, "up_s", json_integer(now_s() - e->started_s));
	return out;
}

static void
open_slot(uint64_t slot, uint64_t generation, handlers_slot_fn fn, void *fn_arg, void *arg)
{
	struct engine *e = arg;

	if (e->recovered)
		keyring_open(e->keyring, slot, generation, fn, fn_arg);
	else
		fn(NULL, fn_arg);	/* a restore may find that it is erased */
}

static void
due(void *arg)
{
	dispatch_wake(((struct engine *)arg)->dispatch);
}

static void
discarded(void *arg)
{
	purge_run(arg);
}

static void
keys_ask(handlers_keys_fn fn, void *fn_arg, void *arg)
{
	keyring_ask(((struct engine *)arg)->keyring, fn, fn_arg);
}

static void
pause_set(bool pause, void *arg)
{
	struct engine *e = arg;

	e->paused = pause;
	engine_committed(e);
	dispatch_wake(e->dispatch);
}

static bool
is_settled(void *arg)
{
	return ((struct engine *)arg)->recovered;
}

static void
control_open(struct engine *e, struct frame *f)
{
	if (f->fd_count != 1)
		return;
	e->handlers = (struct handlers){ .store = e->store, .settings = e->settings,
		.key = &e->audit_key, .publisher = e->publisher, .status = status_roles,
		.open = open_slot, .due = due, .discarded = discarded,
		.keys = keys_ask, .pause = pause_set, .settled = is_settled, .arg = e };
	e->control = control_server_new(e->loop, f->fds[0], handlers_table, &e->handlers);
	f->fds[0] = -1;
}

static void
keys_join(struct engine *e, int fd)
{
	keyring_join(e->keyring, fd);
}

/* A role that started: its channel goes to the part that speaks with it. */
static void
role_joins(struct engine *e, struct frame *f)
{
	static const struct {
		const char *role;
		void (*join)(struct engine *, int fd);
	} table[] = {
		{ "front", intake_join }, { "resolver", resolver_join },
		{ "keys", keys_join },
	};
	struct unpack u = unpack_of(f->body);
	struct mt_span role = unpack_span(&u), group = unpack_span(&u);

	if (u.bad || f->fd_count != 1)
		log_panic("a role that cannot be read");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (span_is(role, table[i].role)) {
			table[i].join(e, f->fds[0]);
			f->fds[0] = -1;
			return;
		}
	for (size_t i = 0; i < e->pool_count; i++)
		if (span_is(role, pool_role(e->pools[i])) &&
		    span_is(group, pool_group(e->pools[i]))) {
			pool_join(e->pools[i], f->fds[0], f->id);
			f->fds[0] = -1;
			return;
		}
	log_panic("a role nobody knows");
}

static void
role_died(struct engine *e, struct frame *f)
{
	struct unpack u = unpack_of(f->body);
	uint32_t signal = unpack_u32(&u);

	for (size_t i = 0; i < e->pool_count; i++)
		pool_died(e->pools[i], f->id, signal);
}

static void
master_frame(struct channel *c, struct frame *f, void *arg)
{
	struct engine *e = arg;

	(void)c;
	if (f->type == PROTO_ROLE)
		role_joins(e, f);
	else if (f->type == PROTO_DIED)
		role_died(e, f);
	else if (f->type == PROTO_CONTROL)
		control_open(e, f);
	else if (f->type == PROTO_CHECK && e->check)
		check_frame(e, f);
	else
		log_panic("frame of type %u from the master", f->type);
}

/* The master is gone or wants us gone: what was submitted is finished. */
static void
master_gone(struct channel *c, void *arg)
{
	struct engine *e = arg;

	(void)c;
	if (!e->check)
		commit_early(e, true);
	loop_stop(e->loop);
}

static void
stop_now(int signal)
{
	(void)signal;	/* the master closes the channel: that is the stop */
}

static void
state_open(struct engine *e, const char *dir)
{
	const struct store_options options = { .dir = dir };
	char why[256];

	e->store = store_open(&options, why);
	if (e->store == NULL)
		log_fatal("%s", why);
	e->store_watch = (struct watch){ .fd = store_fd(e->store), .fn = store_event, .arg = e };
	loop_watch(e->loop, &e->store_watch, EPOLLIN);
}

/* mailtrictl check without --state: keys of its own, forgotten at its end. */
static void
keys_scratch(struct engine *e)
{
	if (getrandom(e->installation_key, HASH_SIZE, 0) != HASH_SIZE)
		log_panic("getrandom: %s", strerror(errno));
	store_set_key(e->store, e->installation_key);
	slots_free(e->slots);
	e->slots = slots_new(NULL, NULL);
	e->recovered = true;
}

static void
engine_open(struct engine *e, const char *dir)
{
	e->loop = loop_new();
	e->started_s = now_s();
	e->keep = e->check && dir != NULL;
	state_open(e, dir);
	e->pipeline = (struct pipeline){ .loop = e->loop, .settings = e->settings,
		.poisons = &e->poisons, .check = e->check, .ops = { .dns = ask_dns, .claim_key = claim_key,
		.look = claim_look, .get = claim_get, .judged = judged,
		.freed = freed, .proven = record_proven, .arg = e } };
	e->early = early_new();
	e->foresight = foresight_new();
	e->keyring = keyring_new(e);
	e->dispatch = dispatch_new(e);
	pools_make(e);
	if (e->check && dir == NULL)
		keys_scratch(e);
	e->beat = (struct timer){ .fn = every_while, .arg = e };
	if (!e->check)
		timer_set(e->loop, &e->beat, ROOM_MS);
	e->master = channel_new(e->loop, PROTO_CHANNEL_FD, master_frame, master_gone, e);
}

/* Before the store starts its thread: Landlock binds one thread and its
 * children.  A directory that is not there yet is made first. */
static void
lock(const char *dir)
{
	struct sandbox_grant grant = { 0 };

	sandbox_grant_path(&grant, "/dev/urandom", false);	/* SQLite's */
	if (dir != NULL) {
		mkdir(dir, 0700);	/* the store says what is wrong with it */
		sandbox_grant_path(&grant, dir, true);
	}
	sandbox_lock(SANDBOX_ENGINE, &grant);
}

int
main(int argc, char **argv)
{
	static struct engine engine;
	const char *state = NULL;

	log_open("engine", false);
	sandbox_enter();
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--check") == 0)
			engine.check = true;
		else if (strcmp(argv[i], "--state") == 0 && i + 1 < argc)
			state = argv[++i];
	/* Each batch would give its memory back and fetch it again. */
	mallopt(M_TRIM_THRESHOLD, TRIM_BYTES);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, stop_now);
	signal(SIGINT, stop_now);
	engine.settings = settings_receive();
	if (!engine.check)
		state = engine.settings->state_dir;
	lock(state);
	engine_open(&engine, state);
	loop_run(engine.loop);
	store_close(engine.store);
	publisher_free(engine.publisher);
	return 0;
}
