/* SPDX-License-Identifier: BSD-2-Clause */
/* A reload: read and tried by a process of its own, then started beside what
 * runs, then in force; or given up, and nothing has changed. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proto.h"
#include "base/spawn.h"
#include "master/listen.h"
#include "master/notify.h"
#include "master/role.h"

enum { REASON_MAX = 768 };

static void begin(struct roles *);

static void
problems_log(const struct reload *l, bool reloaded)
{
	const char *at = (const char *)l->problems.p, *end = at + l->problems.len;

	while (at < end) {
		const char *line = memchr(at, '\n', (size_t)(end - at));
		int len = (int)((line == NULL ? end : line) - at);

		log_at(reloaded ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, "reload: %.*s", len, at);
		at += len + 1;
	}
}

static void
engine_tell(struct roles *r, bool reloaded)
{
	struct buf b = { 0 };
	size_t most = FRAME_INLINE_MAX;

	if (r->engine == NULL)
		return;
	pack_u32(&b, r->current->number);
	pack_u8(&b, reloaded);
	pack_span(&b, span_make(r->reload.problems.p,
	    r->reload.problems.len > most ? most : r->reload.problems.len));
	channel_send(r->engine, PROTO_RELOADED, r->reload.serving, buf_span(&b), NULL, 0);
	buf_free(&b);
}

/* It is decided; whoever asked meanwhile wants what the files say now. */
static void
end(struct roles *r, bool reloaded)
{
	struct reload *l = &r->reload;

	problems_log(l, reloaded);
	if (reloaded)
		log_info("reloaded: generation %u is in force", r->current->number);
	else
		log_error("not reloaded: generation %u stays in force", r->current->number);
	engine_tell(r, reloaded);
	notify_send("READY=1\nSTATUS=taking mail");
	buf_free(&l->problems);
	l->busy = false;
	if (l->again)
		timer_set(r->options.loop, &l->later, 0);
}

static void __attribute__((format(printf, 2, 3)))
fail(struct roles *r, const char *fmt, ...)
{
	char why[REASON_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	buf_printf(&r->reload.problems, "%s\n", why);
	end(r, false);
}

static void
candidate_drop(struct roles *r)
{
	struct generation *g = r->reload.candidate;

	r->reload.candidate = NULL;
	listen_forget(g->config->settings, r->current->config->settings);
	if (r->engine != NULL)
		channel_send(r->engine, PROTO_GIVE_UP, g->number, SPAN(""), NULL, 0);
	generation_end(g, 0);
}

static void
on_never_ready(struct timer *t)
{
	struct generation *g = t->arg;
	struct roles *r = g->roles;
	const struct role *role = r->list;

	while (role != NULL && (role->generation != g || role->ready))
		role = role->next;
	candidate_drop(r);
	fail(r, "%s was not ready within %d s", role == NULL ? "a role" : role->instance,
	    ROLES_READY_MS / 1000);
}

static void
start(struct roles *r, struct config *c)
{
	char why[LISTEN_WHY_MAX];
	int *listeners = xcalloc(c->settings->listener_count, sizeof(*listeners));
	struct generation *g;

	if (listen_again(c->settings, r->current->config->settings, r->current->listeners,
	    listeners, why) != 0) {
		free(listeners);
		config_free(c);
		fail(r, "%s", why);
		return;
	}
	g = r->reload.candidate = generation_new(r, c, listeners);
	g->patience.fn = on_never_ready;
	timer_set(r->options.loop, &g->patience, ROLES_READY_MS);
	generation_announce(g);
	if (generation_start(g) != 0) {
		candidate_drop(r);
		fail(r, "a role cannot be started: its line is in the log");
	}
}

/* The reading process is done, or done for. */
static void
reader_close(struct roles *r, int signal)
{
	struct reload *l = &r->reload;

	timer_clear(r->options.loop, &l->patience);
	loop_unwatch(r->options.loop, &l->answer);
	close(l->answer.fd);
	if (signal != 0)
		kill(l->pid, signal);
	while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	l->pid = 0;
}

static void
on_answer(struct watch *w, uint32_t events)
{
	struct roles *r = w->arg;
	struct config *c = NULL;
	int error = config_read_end(w->fd, &c, &r->reload.problems);

	(void)events;
	reader_close(r, 0);
	if (error == EINVAL)
		end(r, false);
	else if (error != 0)
		fail(r, "the process that reads the configuration broke: %s", strerror(error));
	else if (r->engine == NULL) {
		config_free(c);
		fail(r, "the engine does not run: its lines are in the log");
	} else
		start(r, c);
}

static void
on_never_read(struct timer *t)
{
	struct roles *r = t->arg;

	reader_close(r, SIGKILL);
	fail(r, "the configuration was not read and tried within %d s",
	    CONFIG_READ_MS / 1000);
}

static void
begin(struct roles *r)
{
	struct reload *l = &r->reload;
	int fd = -1, error;

	l->busy = true;
	l->again = false;
	l->serving = l->asked;
	notify_reloading();
	log_info("reading %s again", r->options.file);
	error = config_read_start(r->options.file, r->current->config->settings, &l->pid, &fd);
	if (error != 0) {
		l->pid = 0;
		fail(r, "cannot start a process: %s", strerror(error));
		return;
	}
	l->answer = (struct watch){ .fd = fd, .fn = on_answer, .arg = r };
	l->patience.fn = on_never_read;
	l->patience.arg = r;
	if (loop_watch(r->options.loop, &l->answer, EPOLLIN) != 0)
		log_panic("cannot watch a process: %s", strerror(errno));
	timer_set(r->options.loop, &l->patience, CONFIG_READ_MS);
}

static void
on_later(struct timer *t)
{
	reload_go_on(t->arg);
}

void
reload_go_on(struct roles *r)
{
	if (r->reload.again && !r->reload.busy && r->ready && r->stopping == STOP_NOT)
		begin(r);
}

void
reload_request(struct roles *r, uint32_t asked)
{
	struct reload *l = &r->reload;

	if (asked != 0)
		l->asked = asked;
	l->again = true;
	l->later.fn = on_later;
	l->later.arg = r;
	reload_go_on(r);
}

void
reload_role_ready(struct role *role)
{
	struct roles *r = role->roles;
	struct generation *g = r->reload.candidate;

	if (g == NULL || role->generation != g || !generation_is_ready(g))
		return;
	r->reload.candidate = NULL;
	generation_make_current(g);
	end(r, true);
}

void
reload_role_died(struct role *role, int status)
{
	struct roles *r = role->roles;
	char how[64], instance[256];

	if (role->generation != r->reload.candidate)
		return;
	snprintf(instance, sizeof(instance), "%s", role->instance);
	candidate_drop(r);
	fail(r, "%s ended (%s) before it was ready: its lines are in the log", instance,
	    spawn_status(how, sizeof(how), status));
}

/* Who asked for it is gone with the engine. */
void
reload_engine_died(struct roles *r)
{
	r->reload.asked = r->reload.serving = 0;
	if (r->reload.candidate == NULL)
		return;
	candidate_drop(r);
	fail(r, "the engine ended meanwhile: its lines are in the log");
}

void
reload_cancel(struct roles *r)
{
	struct reload *l = &r->reload;

	l->again = false;
	timer_clear(r->options.loop, &l->later);
	if (l->pid != 0)
		reader_close(r, SIGKILL);
	if (l->candidate != NULL)
		candidate_drop(r);
	buf_free(&l->problems);
	l->busy = false;
}
