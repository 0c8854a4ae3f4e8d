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
#include "engine/integrations.h"

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

/* The master counts who is ready before it lets a generation in. */
void
engine_ready(struct engine *e, uint32_t instance)
{
	channel_send(e->master, PROTO_READY, instance, SPAN(""), NULL, 0);
	intake_update(e);
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
	json_t *out = generation_status(e);

	json_array_append_new(json_object_get(out, "roles"), json_pack("{s:s,s:b,s:b}",
	    "role", "keys", "running", e->has_key, "ready", e->has_key));
	json_object_set_new(out, "intake", json_boolean(e->intake_open));
	json_object_set_new(out, "dispatch", json_string(e->paused ? "paused" : "running"));
	json_object_set_new(out, "integrations", integrations_status(e->integrations));
	json_object_set_new(out, "mails_in_flight", json_integer((json_int_t)e->traffic.mails.used));
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
	e->handlers = (struct handlers){ .store = e->store,
		.settings = e->current->settings, .key = &e->audit_key,
		.publisher = e->publisher, .status = status_roles,
		.open = open_slot, .due = due, .discarded = discarded,
		.keys = keys_ask, .pause = pause_set, .settled = is_settled,
		.wait = integrations_wait, .integration_pause = integrations_pause,
		.probe = integrations_probe, .reload = reload_ask, .arg = e };
	e->control = control_server_new(e->loop, f->fds[0], handlers_table, &e->handlers);
	f->fds[0] = -1;
}

/* True: the channel has found its part. */
static bool
generation_joins(struct generation *g, struct mt_span role, struct mt_span group,
    struct frame *f)
{
	static const struct {
		const char *role;
		void (*join)(struct generation *, int fd, uint32_t instance);
	} table[] = { { "front", intake_join }, { "resolver", resolver_join } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (span_is(role, table[i].role)) {
			table[i].join(g, f->fds[0], f->id);
			return true;
		}
	for (size_t i = 0; i < g->pool_count; i++)
		if (span_is(role, pool_role(g->pools[i])) &&
		    span_is(group, pool_group(g->pools[i]))) {
			pool_join(g->pools[i], f->fds[0], f->id);
			return true;
		}
	return false;
}

/* A role that started: its channel goes to the part that speaks with it.
 * One of a generation that ended meanwhile is let go. */
static void
role_joins(struct engine *e, struct frame *f)
{
	struct unpack u = unpack_of(f->body);
	uint32_t number = unpack_u32(&u);
	struct mt_span role = unpack_span(&u), group = unpack_span(&u);
	struct generation *g = generation_find(e, number);

	if (u.bad || f->fd_count != 1)
		log_panic("a role that cannot be read");
	if (span_is(role, "keys"))
		keyring_join(e->keyring, f->fds[0]);
	else if (g == NULL)
		return;
	else if (!generation_joins(g, role, group, f))
		log_panic("a role nobody knows");
	f->fds[0] = -1;
}

static void
generation_joins_us(struct engine *e, struct frame *f)
{
	struct settings *s;
	struct bytes bytes;

	if (f->fd_count != 1 || bytes_map(f->fds[0], &bytes) != 0)
		log_panic("a generation without its settings");
	f->fds[0] = -1;
	if (settings_unpack(bytes.span, &s) != 0)
		log_panic("settings that cannot be read");
	bytes_free(&bytes);
	generation_new(e, f->id, s);
}

static void
generation_is_current(struct engine *e, struct frame *f)
{
	struct generation *g = generation_find(e, f->id);

	if (g == NULL)
		log_panic("a generation nobody knows");
	generation_make_current(g);
	e->handlers.settings = g->settings;
}

static void
generation_is_given_up(struct engine *e, struct frame *f)
{
	struct generation *g = generation_find(e, f->id);

	if (g != NULL && g->since_s == 0)
		generation_free(g);
}

static void
role_died(struct engine *e, struct frame *f)
{
	struct unpack u = unpack_of(f->body);
	uint32_t signal = unpack_u32(&u);

	for (const struct generation *g = e->generations; g != NULL; g = g->next)
		for (size_t i = 0; i < g->pool_count; i++)
			pool_died(g->pools[i], f->id, signal);
}

static void
master_frame(struct channel *c, struct frame *f, void *arg)
{
	static const struct {
		uint32_t type;
		void (*fn)(struct engine *, struct frame *);
	} table[] = {
		{ PROTO_ROLE, role_joins }, { PROTO_CONTROL, control_open },
		{ PROTO_DIED, role_died },
		{ PROTO_GENERATION, generation_joins_us },
		{ PROTO_CURRENT, generation_is_current },
		{ PROTO_GIVE_UP, generation_is_given_up },
		{ PROTO_RELOADED, reload_done }, { PROTO_CHECK, check_frame },
	};

	(void)c;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].type == f->type) {
			table[i].fn(arg, f);
			return;
		}
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
engine_open(struct engine *e, const char *dir, uint32_t number, struct settings *s)
{
	e->loop = loop_new();
	e->started_s = now_s();
	e->keep = e->check && dir != NULL;
	state_open(e, dir);
	e->current = generation_new(e, number, s);
	e->current->since_s = e->started_s;
	e->early = early_new();
	e->foresight = foresight_new();
	e->recent = recent_new();
	e->keyring = keyring_new(e);
	e->integrations = integrations_new(e);
	e->dispatch = dispatch_new(e);
	e->reloads = reloads_new(e);
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
	uint32_t number = 1;	/* of the first generation */
	struct settings *s;

	log_open("engine", false);
	sandbox_enter();
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--check") == 0)
			engine.check = true;
		else if (strcmp(argv[i], "--state") == 0 && i + 1 < argc)
			state = argv[++i];
		else if (strcmp(argv[i], "--generation") == 0 && i + 1 < argc)
			number = (uint32_t)strtoul(argv[++i], NULL, 10);
	/* Each batch would give its memory back and fetch it again. */
	mallopt(M_TRIM_THRESHOLD, TRIM_BYTES);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, stop_now);
	signal(SIGINT, stop_now);
	s = settings_receive();
	if (!engine.check)
		state = s->state_dir;
	lock(state);
	engine_open(&engine, state, number, s);
	loop_run(engine.loop);
	store_close(engine.store);
	publisher_free(engine.publisher);
	return 0;
}
