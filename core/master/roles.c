/* SPDX-License-Identifier: BSD-2-Clause */
/* Supervision: a table of roles, their deaths, their way back. */
#include "master/roles.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/frame.h"
#include "base/log.h"
#include "base/proto.h"
#include "base/spawn.h"
#include "conf/secret.h"

enum {
	BACKOFF_MIN_MS = 100, BACKOFF_MAX_MS = 30000, HEALTHY_MS = 10000,
	EXIT_ENGINE_GONE = 75,
	FRONT_STOP_MS = 15000, ENGINE_STOP_MS = 10000, REST_STOP_MS = 2000,
	ORPHAN_MS = 5000	/* after the engine's death */
};

enum stopping { STOP_NOT, STOP_FRONT, STOP_ENGINE, STOP_REST };

struct role {
	struct roles *roles;
	const char *name, *group;	/* "worker", "checks"; or "" */
	const char *instance;	/* "worker:checks" */
	const char *title;	/* what ps shows */
	pid_t pid;		/* 0: not running */
	uint32_t id;		/* of this life, for the engine */
	struct watch death;
	struct timer restart, orphan;
	int64_t started_ms;
	int backoff_ms, first_deaths;
	bool serves;		/* it came to be ready: its death is a mail's doing */
};

struct roles {
	struct roles_options options;
	struct arena arena;
	struct role list[ROLES_MAX];
	size_t count;		/* [0] is the engine */
	struct channel *engine;
	int settings_fd;
	uint32_t last_id;
	bool ready;
	enum stopping stopping;
	struct timer patience;	/* of the phase of stopping */
	int status;		/* to end with */
};

static int role_start(struct role *);

static struct role *
engine_of(struct roles *r)
{
	return &r->list[0];
}

static void
role_add(struct roles *r, const char *name, const char *group)
{
	struct role *role = &r->list[r->count];

	if (r->count == ROLES_MAX)
		log_fatal("more than %d processes: lower `workers' in stages.d",
		    ROLES_MAX);
	r->count++;
	*role = (struct role){ .roles = r, .name = name, .group = group,
		.backoff_ms = BACKOFF_MIN_MS, .death = { .fd = -1 } };
	role->instance = arena_printf(&r->arena, "%s%s%s", name,
	    *group == '\0' ? "" : ":", group);
	role->title = arena_printf(&r->arena, "mailtri: %s", role->instance);
}

static bool
is_first_of_group(const struct settings *s, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (strcmp(s->stages[j].group, s->stages[i].group) == 0)
			return false;
	return true;
}

static uint32_t
group_workers(const struct settings *s, const char *group)
{
	uint32_t workers = 1;

	for (size_t i = 0; i < s->stage_count; i++)
		if (strcmp(s->stages[i].group, group) == 0 &&
		    s->stages[i].workers > workers)
			workers = s->stages[i].workers;
	return workers;
}

/* In the order of their start: who takes mail from outside comes last. */
static void
roles_list(struct roles *r)
{
	const struct settings *s = r->options.settings;

	role_add(r, "engine", "");
	role_add(r, "keys", "");
	role_add(r, "parser", "");
	role_add(r, "resolver", "");
	for (size_t i = 0; i < s->stage_count; i++) {
		const struct setting_stage *stage = &s->stages[i];
		bool net = (stage->descriptor.callbacks & DESCRIPTOR_DELIVER) != 0;

		if (!is_first_of_group(s, i))
			continue;
		for (uint32_t n = group_workers(s, stage->group); n > 0; n--)
			role_add(r, net ? "worker-net" : "worker", stage->group);
	}
	role_add(r, "front", "");
}

static bool
is_role(const struct role *role, const char *name)
{
	return strcmp(role->name, name) == 0;
}

static int
secrets_memfd(const struct role *role, int *fd)
{
	struct buf b = { 0 };
	char why[SECRET_WHY_MAX];
	int error = secret_pack_role(role->roles->options.settings, role->name,
	    role->group, &b, why);

	if (error != 0)
		log_error("%s: %s", role->instance, why);
	else if ((*fd = bytes_memfd(buf_span(&b))) < 0)
		error = errno;
	buf_wipe(&b);
	return error;
}

static int
role_spawn(struct role *role, int channel, int secrets)
{
	const struct settings *s = role->roles->options.settings;
	const char *argv[] = { role->title, role->instance, NULL };
	int fds[SPAWN_FDS_MAX] = { channel, role->roles->settings_fd, secrets };
	struct spawn spawn = { .argv = argv, .fds = fds, .fd_count = 3,
		.user = s->user, .path = arena_printf(&role->roles->arena, "%s/%s",
		s->libexec_dir, role->name) };
	int error;

	for (size_t i = 0; is_role(role, "front") && i < s->listener_count; i++)
		fds[spawn.fd_count++] = role->roles->options.listeners[i];
	error = spawn_run(&spawn, &role->pid);
	if (error != 0) {
		role->pid = 0;
		log_error("%s: cannot be started: %s", spawn.path, strerror(error));
	}
	return error;
}

static void
role_announce(struct role *role, int fd)
{
	struct buf b = { 0 };

	pack_string(&b, role->name);
	pack_string(&b, role->group);
	channel_send(role->roles->engine, PROTO_ROLE, role->id, buf_span(&b), &fd, 1);
	buf_free(&b);
}

static void
role_kill(const struct role *role, int signal)
{
	if (role->pid != 0)
		kill(role->pid, signal);
}

static void
engine_frame(struct channel *c, struct frame *f, void *arg)
{
	struct roles *r = arg;

	if (f->type == PROTO_KILL) {
		for (size_t i = 1; i < r->count; i++)
			if (r->list[i].id == f->id)
				role_kill(&r->list[i], SIGKILL);
	} else if (f->type == PROTO_SERVES) {
		for (size_t i = 1; i < r->count; i++)
			if (r->list[i].id == f->id)
				r->list[i].serves = true;
	} else if (f->type != PROTO_READY)
		channel_fail(c);
	else if (!r->ready) {
		r->ready = true;
		r->options.on_ready(r->options.arg);
	}
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

static void
engine_join(struct roles *r, int fd)
{
	r->engine = channel_new(r->options.loop, fd, engine_frame, engine_gone, r);
	channel_send(r->engine, PROTO_CONTROL, 0, SPAN(""), &r->options.control, 1);
	for (size_t i = 1; i < r->count; i++)
		if (r->list[i].pid == 0 && r->list[i].restart.slot == 0)
			timer_set(r->options.loop, &r->list[i].restart, 0);
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

static size_t
running(const struct roles *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++)
		n += r->list[i].pid != 0;
	return n;
}

static void
stop_look(struct roles *r, const struct role *dead)
{
	if (r->stopping == STOP_FRONT && is_role(dead, "front"))
		stop_on(r);
	if (r->stopping == STOP_ENGINE && engine_of(r)->pid == 0)
		stop_on(r);
	if (running(r) > 0)
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

	for (size_t i = 0; i < r->count; i++) {
		const struct role *role = &r->list[i];
		bool due = r->stopping == STOP_FRONT ? is_role(role, "front") :
		    r->stopping == STOP_ENGINE ? i == 0 : true;

		if (!due || role->pid == 0)
			continue;
		log_warning("%s did not stop in time and is killed", role->instance);
		r->status = EXIT_FAILURE;
		role_kill(role, SIGKILL);
	}
}

/* The others end by themselves; who does not hangs, and would keep its place. */
static void
on_orphan(struct timer *t)
{
	role_kill(t->arg, SIGKILL);
}

static void
engine_died(struct roles *r)
{
	channel_free(r->engine);
	r->engine = NULL;
	for (size_t i = 1; i < r->count; i++)
		if (r->list[i].pid != 0)
			timer_set(r->options.loop, &r->list[i].orphan, ORPHAN_MS);
}

/* It saw the end of its channel: the engine is gone, it itself is well. */
static bool
has_followed(int status)
{
	return WIFEXITED(status) && (WEXITSTATUS(status) == 0 ||
	    WEXITSTATUS(status) == EXIT_ENGINE_GONE);
}

/* In ms, until the next start. */
static int
backoff(struct role *role, int status)
{
	int64_t lived = clock_ms() - role->started_ms;
	int wait;

	if (role->serves) {	/* mail waits for the next one */
		role->serves = false;
		role->backoff_ms = BACKOFF_MIN_MS;
		return 0;
	}
	if (lived >= HEALTHY_MS || has_followed(status))
		role->backoff_ms = BACKOFF_MIN_MS;
	wait = role->backoff_ms;
	role->backoff_ms = wait * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : wait * 2;
	return wait;
}

/* What never worked will not work by itself: say so, and end. */
static bool
is_hopeless(struct role *role)
{
	return !role->roles->ready &&
	    ++role->first_deaths >= ROLES_FIRST_DEATHS_MAX;
}

static void
role_died(struct role *role, int status)
{
	struct roles *r = role->roles;
	char how[64];
	int wait = backoff(role, status);

	spawn_status(how, sizeof(how), status);
	if (!has_followed(status) && is_hopeless(role)) {
		log_error("%s ended %d times (%s) before mail could be taken: see "
		    "its lines above", role->instance, role->first_deaths, how);
		r->status = EXIT_FAILURE;
		roles_stop(r);
		return;
	}
	log_at(has_followed(status) ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING,
	    "%s ended (%s): starting it again in %d ms", role->instance, how, wait);
	timer_set(r->options.loop, &role->restart, wait);
}

/* What it had in hand is judged by it. */
static void
death_tell(const struct role *role, int status)
{
	struct buf b = { 0 };

	pack_u32(&b, WIFSIGNALED(status) ? (uint32_t)WTERMSIG(status) : 0);
	if (role->roles->engine != NULL)
		channel_send(role->roles->engine, PROTO_DIED, role->id, buf_span(&b), NULL, 0);
	buf_free(&b);
}

static void
on_death(struct watch *w, uint32_t events)
{
	struct role *role = w->arg;
	struct roles *r = role->roles;
	int status = 0;

	(void)events;
	if (waitpid(role->pid, &status, WNOHANG) != role->pid)
		return;
	loop_unwatch(r->options.loop, w);
	close(w->fd);
	w->fd = -1;
	role->pid = 0;
	timer_clear(r->options.loop, &role->orphan);
	if (role == engine_of(r))
		engine_died(r);
	else
		death_tell(role, status);
	if (r->stopping == STOP_NOT)
		role_died(role, status);
	if (r->stopping != STOP_NOT)
		stop_look(r, role);
}

static void
on_restart(struct timer *t)
{
	struct role *role = t->arg;
	struct roles *r = role->roles;

	/* Without an engine there is nobody to speak with: engine_join(). */
	if (r->stopping != STOP_NOT || (role != engine_of(r) && r->engine == NULL))
		return;
	if (role_start(role) != 0)
		timer_set(r->options.loop, &role->restart, backoff(role, SIGKILL));
}

static void
role_watch(struct role *role)
{
	int fd = pidfd_open(role->pid, 0);

	role->death = (struct watch){ .fd = fd, .fn = on_death, .arg = role };
	if (fd < 0 || loop_watch(role->roles->options.loop, &role->death, EPOLLIN) != 0)
		log_panic("cannot watch %s: %s", role->instance, strerror(errno));
}

static int
role_start(struct role *role)
{
	struct roles *r = role->roles;
	int pair[2], secrets = -1, error = secrets_memfd(role, &secrets);

	role->started_ms = clock_ms();
	if (error != 0)
		return error;
	error = socketpair_open(pair);
	if (error == 0) {
		error = role_spawn(role, pair[1], secrets);
		close(pair[1]);
		if (error != 0)
			close(pair[0]);
	}
	close(secrets);
	if (error != 0)
		return error;
	role->id = ++r->last_id;
	role_watch(role);
	if (role == engine_of(r)) {
		engine_join(r, pair[0]);
		return 0;
	}
	role_announce(role, pair[0]);
	close(pair[0]);
	return 0;
}

static int
settings_memfd(const struct settings *s)
{
	struct buf b = { 0 };
	int fd;

	settings_pack(&b, s);
	fd = bytes_memfd(buf_span(&b));
	buf_free(&b);
	return fd;
}

struct roles *
roles_new(const struct roles_options *options)
{
	struct roles *r = xcalloc(1, sizeof(*r));

	r->options = *options;
	r->patience = (struct timer){ .fn = on_patience, .arg = r };
	r->settings_fd = settings_memfd(options->settings);
	if (r->settings_fd < 0)
		log_fatal("cannot hold the settings in memory: %s", strerror(errno));
	roles_list(r);
	for (size_t i = 0; i < r->count; i++) {
		r->list[i].restart = (struct timer){ .fn = on_restart, .arg = &r->list[i] };
		r->list[i].orphan = (struct timer){ .fn = on_orphan, .arg = &r->list[i] };
	}
	for (size_t i = 0; i < r->count; i++) {
		timer_clear(options->loop, &r->list[i].restart);
		if (role_start(&r->list[i]) != 0) {
			roles_free(r);
			return NULL;
		}
	}
	return r;
}

void
roles_stop(struct roles *r)
{
	bool front = false;

	if (r->stopping != STOP_NOT) {
		r->stopping = STOP_REST;
		on_patience(&r->patience);
		return;
	}
	r->stopping = STOP_FRONT;
	for (size_t i = 0; i < r->count; i++) {
		timer_clear(r->options.loop, &r->list[i].restart);
		if (is_role(&r->list[i], "front") && r->list[i].pid != 0) {
			front = true;
			role_kill(&r->list[i], SIGTERM);
		}
	}
	timer_set(r->options.loop, &r->patience, FRONT_STOP_MS);
	if (!front)
		stop_on(r);
	stop_look(r, engine_of(r));
}

void
roles_free(struct roles *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct role *role = &r->list[i];

		timer_clear(r->options.loop, &role->restart);
		timer_clear(r->options.loop, &role->orphan);
		if (role->death.fd >= 0) {
			loop_unwatch(r->options.loop, &role->death);
			close(role->death.fd);
		}
		if (role->pid != 0)
			spawn_kill(role->pid);
	}
	timer_clear(r->options.loop, &r->patience);
	channel_free(r->engine);
	close(r->settings_fd);
	arena_free(&r->arena);
	free(r);
}
