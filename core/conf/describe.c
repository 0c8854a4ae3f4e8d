/* SPDX-License-Identifier: BSD-2-Clause */
/* Workers that describe or check a stage: run, read within limits, judged. */
#include "conf/describe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/spawn.h"
#include "conf/schema.h"

/* A worker that runs to its end, and what it said. */
struct run {
	const char *const *argv;	/* [0] is the program */
	const char *user;	/* NULL: stay */
	int settings_fd, secrets_fd;	/* -1: none */
	struct buf out, err;
	int status;
};

static int __attribute__((format(printf, 3, 4)))
refuse(char why[DESCRIBE_WHY_MAX], int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, DESCRIBE_WHY_MAX, fmt, ap);
	va_end(ap);
	return error;
}

static int
pipe_read(struct pollfd *p, struct buf *b)
{
	ssize_t n;

	if (p->fd < 0 || p->revents == 0)
		return 0;
	buf_reserve(b, 4096);
	n = read(p->fd, b->p + b->len, 4096);
	if (n < 0)
		return errno == EINTR ? 0 : errno;
	if (n == 0)
		p->fd = -1;
	b->len += (size_t)n;
	return b->len > DESCRIBE_BYTES_MAX ? EMSGSIZE : 0;
}

/* Until both pipes are at their end and the process is gone. */
static int
run_read(struct run *r, int out, int err, int process)
{
	struct pollfd p[3] = { { .fd = out, .events = POLLIN },
		{ .fd = err, .events = POLLIN }, { .fd = process, .events = POLLIN } };
	int64_t end = clock_ms() + DESCRIBE_DEADLINE_MS;
	int error = 0;

	while (error == 0 && (p[0].fd >= 0 || p[1].fd >= 0 || p[2].fd >= 0)) {
		int64_t left = end - clock_ms();

		if (left <= 0)
			return ETIMEDOUT;
		if (poll(p, 3, (int)left) < 0)
			continue;
		error = pipe_read(&p[0], &r->out);
		if (error == 0)
			error = pipe_read(&p[1], &r->err);
		if (p[2].revents != 0)
			p[2].fd = -1;
	}
	return error;
}

static int
run_child(struct run *r, struct spawn *s, int out, int err)
{
	int error, process;
	pid_t pid;

	error = spawn_run(s, &pid);
	close(s->out_fd);
	close(s->err_fd);
	if (error != 0)
		return error;
	process = pidfd_open(pid, 0);
	error = process < 0 ? errno : run_read(r, out, err, process);
	r->status = spawn_kill(pid);
	if (process >= 0)
		close(process);
	return error;
}

static int
run_whole(struct run *r)
{
	int out[2], err[2], fds[3] = { -1, r->settings_fd, r->secrets_fd }, error;
	struct spawn s = { .path = r->argv[0], .argv = r->argv, .user = r->user };

	if (r->settings_fd >= 0) {
		s.fds = fds;
		s.fd_count = 3;
	}
	if (pipe2(out, O_CLOEXEC) < 0)
		return errno;
	if (pipe2(err, O_CLOEXEC) < 0) {
		error = errno;
		close(out[0]);
		close(out[1]);
		return error;
	}
	s.out_fd = out[1];
	s.err_fd = err[1];
	error = run_child(r, &s, out[0], err[0]);
	close(out[0]);
	close(err[0]);
	return error;
}

static void
run_free(struct run *r)
{
	buf_free(&r->out);
	buf_free(&r->err);
}

/* Why there is no result although the worker could be started. */
static int
run_refuse(struct run *r, int error, const char *what, char why[DESCRIBE_WHY_MAX])
{
	char status[64];

	if (error == ETIMEDOUT)
		return refuse(why, error, "%s: it did not answer within %d s: "
		    "its file is broken, or the machine is overloaded", what,
		    DESCRIBE_DEADLINE_MS / 1000);
	if (error == EMSGSIZE)
		return refuse(why, error, "%s: it answered with more than %d bytes: "
		    "its file is broken", what, DESCRIBE_BYTES_MAX);
	if (error != 0)
		return refuse(why, error, "cannot run %s: %s: install mailtri's "
		    "programs, or set libexec_dir", r->argv[0], strerror(error));
	return refuse(why, EIO, "%s: the worker that loaded it ended with %s: "
	    "its file is broken", what,
	    spawn_status(status, sizeof(status), r->status));
}

static bool
run_exited(const struct run *r, int code)
{
	return WIFEXITED(r->status) && WEXITSTATUS(r->status) == code;
}

/* The worker's own sentence: its first line. */
static int
refuse_quoting(char why[DESCRIBE_WHY_MAX], struct buf *text)
{
	return refuse(why, EINVAL, "%.*s", (int)strcspn(buf_string(text), "\n"),
	    (const char *)text->p);
}

static int
descriptor_accept(const struct run *r, struct arena *a, struct descriptor *d,
    char why[SCHEMA_WHY_MAX])
{
	struct unpack u = unpack_of(buf_span(&r->out));

	if (descriptor_unpack(&u, a, d) == 0 && unpack_done(&u))
		return schema_check(d, why);
	snprintf(why, SCHEMA_WHY_MAX, "its worker's answer cannot be read: "
	    "mailtri's programs are of different versions");
	return EBADMSG;
}

int
describe_run(const char *worker, const char *so, struct arena *a,
    struct descriptor *d, char why[DESCRIBE_WHY_MAX])
{
	const char *argv[] = { worker, "--describe", so, NULL };
	struct run r = { .argv = argv, .settings_fd = -1, .secrets_fd = -1 };
	char reason[SCHEMA_WHY_MAX];
	int error = run_whole(&r);

	if (error == 0 && run_exited(&r, 1) && r.err.len > 0)
		error = refuse_quoting(why, &r.err);
	else if (error != 0 || !run_exited(&r, 0))
		error = run_refuse(&r, error, so, why);
	else if ((error = descriptor_accept(&r, a, d, reason)) != 0)
		refuse(why, error, "%s: %s", so, reason);
	run_free(&r);
	return error;
}

/* "INDEX<tab>sentence" lines; what is no such line is dropped. */
static void
refusals_report(const struct describe_check *c, char *text)
{
	char *rest, *line = strtok_r(text, "\n", &rest);

	for (; line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		char *end;
		unsigned long set = strtoul(line, &end, 10);

		if (end > line && *end == '\t')
			c->fn(c->arg, set, end + 1);
	}
}

int
describe_check_run(const struct describe_check *c, char why[DESCRIBE_WHY_MAX])
{
	const char *argv[] = { c->worker, "--check", c->stage, NULL };
	struct run r = { .argv = argv, .settings_fd = c->settings_fd, .secrets_fd = -1 };
	int error = run_whole(&r);

	if (error != 0 || (!run_exited(&r, 0) && !run_exited(&r, 1)))
		error = run_refuse(&r, error, c->stage, why);
	else if (run_exited(&r, 1) && r.out.len == 0)
		error = refuse_quoting(why, &r.err);
	else {
		buf_string(&r.out);
		refusals_report(c, (char *)r.out.p);
	}
	run_free(&r);
	return error;
}

int
describe_try_run(const struct describe_try *t, char why[DESCRIBE_WHY_MAX])
{
	const char *argv[] = { t->program, t->instance, "--try", NULL };
	struct run r = { .argv = argv, .user = t->user,
		.settings_fd = t->settings_fd, .secrets_fd = t->secrets_fd };
	static const char word[] = "fatal: ";
	const char *fatal = NULL;
	int error = run_whole(&r);

	if (error == 0 && !run_exited(&r, 0))
		fatal = strstr(buf_string(&r.err), word);
	if (fatal != NULL)
		error = refuse(why, EINVAL, "%.*s", (int)strcspn(fatal + strlen(word), "\n"),
		    fatal + strlen(word));
	else if (error != 0 || !run_exited(&r, 0))
		error = run_refuse(&r, error, t->instance, why);
	run_free(&r);
	return error;
}
