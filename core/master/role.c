/* SPDX-License-Identifier: BSD-2-Clause */
/* One role: started with its descriptors, watched, started again. */
#include "master/role.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proto.h"
#include "base/spawn.h"
#include "conf/secret.h"

enum { EXIT_ENGINE_GONE = 75, ARGUMENTS_MAX = 5 };

bool
role_is(const struct role *role, const char *name)
{
	return strcmp(role->name, name) == 0;
}

void
role_kill(const struct role *role, int signal)
{
	if (role->pid != 0)
		kill(role->pid, signal);
}

static const struct generation *
generation_of(const struct role *role)
{
	return role->generation != NULL ? role->generation : role->roles->current;
}

/* The root key is read when it is needed; all others stand in the config. */
static int
secrets_pack(const struct role *role, struct buf *b)
{
	const struct config *c = generation_of(role)->config;
	struct mt_span secrets = config_secrets(c, role->name, role->group);
	char why[SECRET_WHY_MAX];
	int error;

	if (!role_is(role, "keys")) {
		buf_add(b, secrets.ptr, secrets.len);
		return 0;
	}
	error = secret_pack_role(c->settings, role->name, role->group, b, why);
	if (error != 0)
		log_error("%s: %s", role->instance, why);
	return error;
}

static int
secrets_memfd(const struct role *role, int *fd)
{
	struct buf b = { 0 };
	int error = secrets_pack(role, &b);

	if (error == 0 && (*fd = bytes_memfd(buf_span(&b))) < 0)
		error = errno;
	buf_wipe(&b);
	return error;
}

static int
role_spawn(struct role *role, int channel, int secrets)
{
	const struct generation *g = generation_of(role);
	const struct settings *s = g->config->settings;
	char number[16], path[4096];
	const char *argv[ARGUMENTS_MAX] = { role->title, role->instance };
	int fds[SPAWN_FDS_MAX] = { channel, g->config->settings_fd, secrets }, error;
	struct spawn spawn = { .argv = argv, .fds = fds, .fd_count = 3, .user = s->user,
		.path = path };

	snprintf(path, sizeof(path), "%s/%s", s->libexec_dir, role->name);
	snprintf(number, sizeof(number), "%u", g->number);
	if (role_is(role, "engine")) {
		argv[2] = "--generation";
		argv[3] = number;
	}
	for (size_t i = 0; role_is(role, "front") && i < s->listener_count; i++)
		fds[spawn.fd_count++] = g->listeners[i];
	error = spawn_run(&spawn, &role->pid);
	if (error != 0) {
		role->pid = 0;
		log_error("%s: cannot be started: %s", path, strerror(error));
	}
	return error;
}

static void
role_announce(struct role *role, int fd)
{
	struct buf b = { 0 };

	pack_u32(&b, role->generation == NULL ? 0 : role->generation->number);
	pack_string(&b, role->name);
	pack_string(&b, role->group);
	channel_send(role->roles->engine, PROTO_ROLE, role->id, buf_span(&b), &fd, 1);
	buf_free(&b);
}

static void
on_death(struct watch *w, uint32_t events)
{
	struct role *role = w->arg;
	int status = 0;

	(void)events;
	if (waitpid(role->pid, &status, WNOHANG) != role->pid)
		return;
	loop_unwatch(role->roles->options.loop, w);
	close(w->fd);
	w->fd = -1;
	role->pid = 0;
	role->served = role->ready;
	role->ready = false;
	timer_clear(role->roles->options.loop, &role->orphan);
	roles_died(role, status);	/* and may be gone */
}

static void
role_watch(struct role *role)
{
	int fd = pidfd_open(role->pid, 0);

	role->death = (struct watch){ .fd = fd, .fn = on_death, .arg = role };
	if (fd < 0 || loop_watch(role->roles->options.loop, &role->death, EPOLLIN) != 0)
		log_panic("cannot watch %s: %s", role->instance, strerror(errno));
}

int
role_start(struct role *role)
{
	struct roles *r = role->roles;
	int pair[2], secrets = -1, error = secrets_memfd(role, &secrets);

	timer_clear(r->options.loop, &role->restart);
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
	if (role_is(role, "engine")) {
		roles_engine(r, pair[0]);
		return 0;
	}
	role_announce(role, pair[0]);
	close(pair[0]);
	return 0;
}

/* It saw the end of its channel: the engine is gone, it itself is well. */
bool
role_has_followed(int status)
{
	return WIFEXITED(status) && (WEXITSTATUS(status) == 0 ||
	    WEXITSTATUS(status) == EXIT_ENGINE_GONE);
}

/* Mail goes through it: its death is a mail's doing. */
static bool
is_fed(const struct role *role)
{
	return role_is(role, "parser") || role_is(role, "worker") ||
	    role_is(role, "worker-net");
}

/* In ms, until the next start. */
static int
backoff(struct role *role, int status)
{
	int64_t lived = clock_ms() - role->started_ms;
	int wait;

	if (role->served && is_fed(role)) {	/* mail waits for the next one */
		role->served = false;
		role->backoff_ms = BACKOFF_MIN_MS;
		return 0;
	}
	if (lived >= HEALTHY_MS || role_has_followed(status))
		role->backoff_ms = BACKOFF_MIN_MS;
	wait = role->backoff_ms;
	role->backoff_ms = wait * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : wait * 2;
	return wait;
}

void
role_restart(struct role *role, int status)
{
	char how[64];
	int wait = backoff(role, status);

	spawn_status(how, sizeof(how), status);
	log_at(role_has_followed(status) ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING,
	    "%s ended (%s): starting it again in %d ms", role->instance, how, wait);
	timer_set(role->roles->options.loop, &role->restart, wait);
}

static void
on_restart(struct timer *t)
{
	struct role *role = t->arg;
	const struct roles *r = role->roles;

	/* Without an engine there is nobody to speak with: engine_join(). */
	if (r->stopping != STOP_NOT || (!role_is(role, "engine") && r->engine == NULL))
		return;
	if (role_start(role) != 0)
		timer_set(r->options.loop, t, backoff(role, SIGKILL));
}

/* The others end by themselves; who does not hangs, and would keep its place. */
static void
on_orphan(struct timer *t)
{
	role_kill(t->arg, SIGKILL);
}

static char *
join(const char *a, const char *between, const char *b)
{
	char *text = NULL;

	if (asprintf(&text, "%s%s%s", a, between, b) < 0)
		log_panic("out of memory");
	return text;
}

struct role *
role_new(struct roles *r, struct generation *g, const char *name, const char *group)
{
	struct role *role = xcalloc(1, sizeof(*role)), **at = &r->list;

	while (*at != NULL)
		at = &(*at)->next;
	*at = role;
	*role = (struct role){ .roles = r, .generation = g, .name = xstrdup(name),
		.group = xstrdup(group), .backoff_ms = BACKOFF_MIN_MS,
		.instance = join(name, *group == '\0' ? "" : ":", group),
		.death = { .fd = -1 }, .restart = { .fn = on_restart, .arg = role },
		.orphan = { .fn = on_orphan, .arg = role } };
	role->title = join("mailtri", ": ", role->instance);
	return role;
}

void
role_free(struct role *role)
{
	struct roles *r = role->roles;
	struct role **at = &r->list;

	while (*at != role)
		at = &(*at)->next;
	*at = role->next;
	timer_clear(r->options.loop, &role->restart);
	timer_clear(r->options.loop, &role->orphan);
	if (role->death.fd >= 0) {
		loop_unwatch(r->options.loop, &role->death);
		close(role->death.fd);
	}
	if (role->pid != 0)
		spawn_kill(role->pid);
	free(role->name);
	free(role->group);
	free(role->instance);
	free(role->title);
	free(role);
}
