/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes of `mailtrictl check'. */
#include "ctl/crew.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proto.h"
#include "base/spawn.h"
#include "conf/secret.h"
#include "ctl/zone_server.h"

enum { MEMBERS_MAX = 64, STDERR_LINE_MAX = 4096, FINISH_MS = 10000 };

struct member {
	struct crew *crew;
	const char *role, *group;	/* group "" but for workers */
	uint32_t instance;
	pid_t pid;		/* 0: not running */
	struct watch death;	/* pidfd */
};

struct crew {
	struct loop *loop;
	struct crew_options options;
	struct arena arena;	/* as long as the crew */
	struct member members[MEMBERS_MAX];
	size_t member_count;
	uint32_t last_instance, check_id;
	unsigned deaths;	/* while the mail in hand is judged */
	bool ending;
	int settings_fd;
	int stderr_write;
	struct watch stderr_read;
	struct buf said;	/* a line of it, so far */
	struct channel *engine;
	struct channel *dns;	/* the engine's questions */
	struct channel *resolver;	/* the real one; NULL: not started */
	const struct zone *zone;
	struct zone_server answers;	/* to the mail in hand */
};

static int member_start(struct member *, int *engine_end);

static void __attribute__((format(printf, 2, 3)))
crew_fail(struct crew *c, const char *fmt, ...)
{
	char why[CREW_WHY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (!c->ending)
		c->options.on_failure(why, c->options.arg);
	c->ending = true;
}

/* What the processes say: all of it, or what an operator must know. */
static void
said_line(struct crew *c)
{
	static const char *const marks[] = { "warning: ", "error: ", "fatal: ", "panic: " };
	const char *line = buf_string(&c->said);
	bool show = c->options.verbose;

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		show |= strstr(line, marks[i]) != NULL;
	if (show && c->said.len > 0)
		fprintf(stderr, "%s\n", line);
	buf_reset(&c->said);
}

static void
on_said(struct watch *w, uint32_t events)
{
	struct crew *c = w->arg;
	char bytes[4096];
	ssize_t n = read(w->fd, bytes, sizeof(bytes));

	(void)events;
	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] == '\n' || c->said.len >= STDERR_LINE_MAX)
			said_line(c);
		if (bytes[i] != '\n')
			buf_add_char(&c->said, bytes[i]);
	}
}

static int
member_secrets(const struct member *m, int *fd)
{
	struct buf b = { 0 };
	char why[SECRET_WHY_MAX];
	int error = secret_pack_role(m->crew->options.settings, m->role, m->group, &b, why);

	if (error != 0)
		crew_fail(m->crew, "%s", why);
	else if ((*fd = bytes_memfd(buf_span(&b))) < 0)
		error = errno;
	buf_wipe(&b);
	return error;
}

static void
member_argv(const struct member *m, const char *argv[6])
{
	struct crew *c = m->crew;
	const char *dir = getenv("MAILTRI_LIBEXEC");
	size_t n = 0;

	argv[n++] = arena_printf(&c->arena, "%s/%s",
	    dir == NULL ? c->options.settings->libexec_dir : dir, m->role);
	if (strcmp(m->role, "engine") == 0) {
		argv[n++] = "--check";
		if (c->options.state_dir != NULL) {
			argv[n++] = "--state";
			argv[n++] = c->options.state_dir;
		}
	} else {
		argv[n++] = arena_printf(&c->arena, "%s%s%s", m->role,
		    *m->group == '\0' ? "" : ":", m->group);
	}
	argv[n] = NULL;
}

/* Tells the engine of a new member. */
static void
role_send(struct crew *c, const struct member *m, const char *role, int fd)
{
	struct buf b = { 0 };

	pack_u32(&b, 1);	/* the engine's first generation */
	pack_string(&b, role);
	pack_string(&b, m == NULL ? "" : m->group);
	channel_send(c->engine, PROTO_ROLE, m == NULL ? ++c->last_instance : m->instance,
	    buf_span(&b), &fd, 1);
	buf_free(&b);
}

static void
death_tell(struct crew *c, const struct member *m, int status)
{
	struct buf b = { 0 };

	pack_u32(&b, WIFSIGNALED(status) ? (uint32_t)WTERMSIG(status) : 0);
	channel_send(c->engine, PROTO_DIED, m->instance, buf_span(&b), NULL, 0);
	buf_free(&b);
}

static int
member_restart(struct member *m)
{
	int fd, error = member_start(m, &fd);

	if (error != 0)
		return error;
	role_send(m->crew, m, m->role, fd);
	close(fd);
	return 0;
}

static bool
is_role(const struct member *m, const char *role)
{
	return strcmp(m->role, role) == 0;
}

static int dns_start(struct crew *c);

static void
on_death(struct watch *w, uint32_t events)
{
	struct member *m = w->arg;
	struct crew *c = m->crew;
	int status = 0, error;
	char how[64];

	(void)events;
	loop_unwatch(c->loop, w);
	close(w->fd);
	w->fd = -1;
	waitpid(m->pid, &status, 0);
	m->pid = 0;
	if (c->ending)
		return;
	if (is_role(m, "engine")) {
		crew_fail(c, "the engine ended: %s", spawn_status(how, sizeof(how), status));
		return;
	}
	death_tell(c, m, status);
	if (++c->deaths > CREW_DEATHS_MAX) {
		crew_fail(c, "%s%s%s ended %d times while one mail was judged", m->role,
		    *m->group == '\0' ? "" : ":", m->group, CREW_DEATHS_MAX);
		return;
	}
	if (is_role(m, "resolver")) {
		channel_free(c->resolver);
		c->resolver = NULL;
		channel_free(c->dns);	/* so the engine sees it, and asks again */
		error = dns_start(c);
		if (error != 0)
			crew_fail(c, "resolver: %s", strerror(error));
		return;
	}
	error = member_restart(m);
	if (error != 0)
		crew_fail(c, "%s cannot be started again: %s", m->role, strerror(error));
}

/* *engine_end: the other end of its channel, the caller's to hand on. */
static int
member_start(struct member *m, int *engine_end)
{
	struct crew *c = m->crew;
	int fds[2] = { -1, -1 }, secrets = -1, error;
	const char *argv[6];

	member_argv(m, argv);
	if ((error = member_secrets(m, &secrets)) != 0 || (error = socketpair_open(fds)) != 0)
		goto fail;
	m->instance = ++c->last_instance;
	error = spawn_run(&(struct spawn){ .path = argv[0], .argv = argv,
		.user = c->options.settings->user, .out_fd = c->stderr_write,
		.err_fd = c->stderr_write, .fd_count = 3,
		.fds = (int[]){ fds[1], c->settings_fd, secrets } }, &m->pid);
	if (error != 0)
		m->pid = 0;
	close(fds[1]);
	close(secrets);
	if (error != 0) {
		close(fds[0]);
		return error;
	}
	m->death = (struct watch){ .fn = on_death, .arg = m,
		.fd = pidfd_open(m->pid, 0) };
	if (m->death.fd < 0 || loop_watch(c->loop, &m->death, EPOLLIN) != 0)
		log_panic("cannot watch a process: %s", strerror(errno));
	*engine_end = fds[0];
	return 0;
fail:
	if (secrets >= 0)
		close(secrets);
	return error;
}

static struct member *
member_new(struct crew *c, const char *role, const char *group)
{
	struct member *m;

	if (c->member_count == MEMBERS_MAX)
		return NULL;
	m = &c->members[c->member_count++];
	*m = (struct member){ .crew = c, .role = role, .group = group,
		.death = { .fd = -1 } };
	return m;
}

static void
on_resolved(struct channel *ch, struct frame *f, void *arg)
{
	struct crew *c = arg;

	(void)ch;
	if (f->type == PROTO_ANSWER)
		channel_send(c->dns, f->type, f->id, f->body, NULL, 0);
}

/* The pidfd tells of it as well, and does what is to be done. */
static void
on_gone(struct channel *ch, void *arg)
{
	(void)ch;
	(void)arg;
}

static void
resolver_start(struct crew *c)
{
	struct member *m = NULL;
	int fd, error;

	for (size_t i = 0; i < c->member_count && m == NULL; i++)
		if (is_role(&c->members[i], "resolver"))
			m = &c->members[i];
	if (c->resolver != NULL)
		return;
	if (m == NULL)
		m = member_new(c, "resolver", "");
	error = m == NULL ? E2BIG : member_start(m, &fd);
	if (error == 0)
		c->resolver = channel_new(c->loop, fd, on_resolved, on_gone, c);
	else
		crew_fail(c, "the resolver cannot be started: %s", strerror(error));
}

static void
on_question(struct channel *ch, struct frame *f, void *arg)
{
	struct crew *c = arg;

	(void)ch;
	if (c->zone != NULL && f->type == PROTO_ASK &&
	    zone_server_answer(&c->answers, c->zone, c->dns, f) != 0)
		crew_fail(c, "the engine asked what cannot be read");
	if (c->zone != NULL)
		return;
	if (f->type == PROTO_ASK)
		resolver_start(c);
	if (c->resolver != NULL)
		channel_send(c->resolver, f->type, f->id, f->body, NULL, 0);
}

static void
engine_report(struct crew *c, struct frame *f)
{
	struct unpack u = unpack_of(f->body);
	struct bytes bytes;

	if (f->id != c->check_id || bytes_unpack(&u, f, &bytes) != 0) {
		crew_fail(c, "the engine sent a report that cannot be read");
		return;
	}
	c->options.on_report(bytes.span, c->options.arg);
	bytes_free(&bytes);
}

static void
on_engine(struct channel *ch, struct frame *f, void *arg)
{
	struct crew *c = arg;

	(void)ch;
	if (f->type == PROTO_REPORT)
		engine_report(c, f);
	if (f->type != PROTO_KILL)
		return;
	for (size_t i = 0; i < c->member_count; i++)
		if (c->members[i].instance == f->id && c->members[i].pid > 0)
			kill(c->members[i].pid, SIGKILL);
}

static bool
group_is_new(const struct crew *c, const char *group)
{
	for (size_t i = 0; i < c->member_count; i++)
		if (is_role(&c->members[i], "worker") &&
		    strcmp(c->members[i].group, group) == 0)
			return false;
	return true;
}

static int
roles_start(struct crew *c, const char **failed)
{
	const struct settings *s = c->options.settings;
	size_t first = c->member_count;

	if (c->options.state_dir != NULL)
		member_new(c, "keys", "");
	member_new(c, "parser", "");
	for (size_t i = 0; i < s->pipeline_count; i++)
		if (group_is_new(c, s->stages[i].group) &&
		    member_new(c, "worker", s->stages[i].group) == NULL) {
			*failed = "worker";
			return E2BIG;
		}
	for (size_t i = first; i < c->member_count; i++) {
		int error = member_restart(&c->members[i]);

		*failed = c->members[i].role;
		if (error != 0)
			return error;
	}
	return 0;
}

static int
dns_start(struct crew *c)
{
	int fds[2], error = socketpair_open(fds);

	if (error != 0)
		return error;
	c->dns = channel_new(c->loop, fds[0], on_question, on_gone, c);
	role_send(c, NULL, "resolver", fds[1]);
	close(fds[1]);
	channel_send(c->dns, PROTO_READY, 0, SPAN(""), NULL, 0);
	return 0;
}

static int
engine_start(struct crew *c)
{
	struct member *m = member_new(c, "engine", "");
	int fd, error = member_start(m, &fd);

	if (error == 0)
		c->engine = channel_new(c->loop, fd, on_engine, on_gone, c);
	return error;
}

/* Made where it is missing, and then it belongs to whom the roles run as. */
static int
directory_make(const char *dir, const char *user)
{
	const struct passwd *pw;

	if (mkdir(dir, 0700) < 0)
		return errno == EEXIST ? 0 : errno;
	if (geteuid() != 0 || user == NULL || (pw = getpwnam(user)) == NULL)
		return 0;
	return chown(dir, pw->pw_uid, pw->pw_gid) < 0 ? errno : 0;
}

/* The root key is made before the engine makes its databases: beside these a
 * missing key is a lost one. */
static int
state_make(struct crew *c, struct settings *s)
{
	char why[SECRET_WHY_MAX];
	struct buf root = { 0 };
	int error;

	if (c->options.state_dir == NULL)
		return 0;
	s->state_dir = c->options.state_dir;
	error = directory_make(s->state_dir, s->user);
	if (error == 0)
		error = directory_make(arena_printf(&c->arena, "%s/keys", s->state_dir),
		    s->user);
	if (error != 0)
		return error;
	error = secret_load_root(s, &root, why);
	if (error != 0)
		crew_fail(c, "%s", why);
	buf_wipe(&root);
	return error;
}

static int
crew_open(struct crew *c, const char **failed)
{
	struct settings *s = c->options.settings;
	struct buf b = { 0 };
	int fds[2], error;

	*failed = "--state";
	if ((error = state_make(c, s)) != 0)
		return error;
	*failed = "settings";
	settings_pack(&b, s);
	c->settings_fd = bytes_memfd(buf_span(&b));
	buf_free(&b);
	if (c->settings_fd < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return errno;
	c->stderr_write = fds[1];
	c->stderr_read = (struct watch){ .fd = fds[0], .fn = on_said, .arg = c };
	loop_watch(c->loop, &c->stderr_read, EPOLLIN);
	*failed = "engine";
	if ((error = engine_start(c)) != 0 || (error = dns_start(c)) != 0)
		return error;
	return roles_start(c, failed);
}

struct crew *
crew_new(struct loop *l, const struct crew_options *o, char why[CREW_WHY_MAX])
{
	struct crew *c = xcalloc(1, sizeof(*c));
	const char *failed;
	int error;

	*c = (struct crew){ .loop = l, .options = *o, .settings_fd = -1,
		.stderr_write = -1, .stderr_read = { .fd = -1 } };
	error = crew_open(c, &failed);
	if (error == 0)
		return c;
	snprintf(why, CREW_WHY_MAX, "%s: %s: is all of mailtri installed in %s?", failed,
	    strerror(error), o->settings->libexec_dir);
	c->ending = true;
	crew_free(c);
	return NULL;
}

void
crew_zone(struct crew *c, const struct zone *z)
{
	c->zone = z;
}

void
crew_check(struct crew *c, struct mt_span body, int fd)
{
	c->deaths = 0;
	zone_server_reset(&c->answers);
	channel_send(c->engine, PROTO_CHECK, ++c->check_id, body, &fd, fd >= 0);
}

static bool
is_running(const struct crew *c, const char *role)
{
	for (size_t i = 0; i < c->member_count; i++)
		if (c->members[i].pid > 0 && (role == NULL || is_role(&c->members[i], role)))
			return true;
	return false;
}

/* The engine ends when its master is gone; what it kept is durable then. */
static void
engine_finish(struct crew *c)
{
	int64_t until = clock_ms() + FINISH_MS;

	channel_free(c->engine);
	c->engine = NULL;
	while (c->options.state_dir != NULL && is_running(c, "engine") && clock_ms() < until)
		loop_once(c->loop, (int)(until - clock_ms()));
}

void
crew_free(struct crew *c)
{
	if (c == NULL)
		return;
	c->ending = true;
	engine_finish(c);
	for (size_t i = 0; i < c->member_count; i++)
		if (c->members[i].pid > 0)
			kill(c->members[i].pid, SIGKILL);
	while (is_running(c, NULL))
		loop_once(c->loop, -1);
	channel_free(c->dns);
	channel_free(c->resolver);
	if (c->stderr_read.fd >= 0) {
		fcntl(c->stderr_read.fd, F_SETFL, O_NONBLOCK);
		on_said(&c->stderr_read, 0);	/* the last words */
		loop_unwatch(c->loop, &c->stderr_read);
		close(c->stderr_read.fd);
		close(c->stderr_write);
	}
	if (c->settings_fd >= 0)
		close(c->settings_fd);
	buf_free(&c->said);
	arena_free(&c->arena);
	zone_server_fini(&c->answers);
	free(c);
}
