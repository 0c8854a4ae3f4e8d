/* SPDX-License-Identifier: BSD-2-Clause */
/* fork, put descriptors in place, lock down, exec. */
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_FD = 3, PARK_FD = 64, ENV_MAX = 16 };

static const char *const kept_variables[] = {
	"PATH", "TZ", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS",
	"MAILTRI_CRASHPOINT", "MAILTRI_FAULT", "MAILTRI_STOP", "JOURNAL_STREAM", NULL,
};

struct identity {
	uid_t uid;
	gid_t gid;
	const char *name;	/* NULL: stay */
};

struct child {
	const struct spawn *spawn;
	struct identity identity;
	char *env[ENV_MAX];
	pid_t parent;
	int report;		/* an errno value goes here; closed by exec */
};

static int
identity_find(const char *user, struct identity *id)
{
	const struct passwd *pw;

	*id = (struct identity){ .name = NULL };
	if (user == NULL || geteuid() != 0)
		return 0;
	pw = getpwnam(user);
	if (pw == NULL)
		return EINVAL;
	*id = (struct identity){ pw->pw_uid, pw->pw_gid, user };
	return 0;
}

static int
identity_take(const struct identity *id)
{
	if (id->name == NULL)
		return 0;
	if (initgroups(id->name, id->gid) < 0 ||
	    setresgid(id->gid, id->gid, id->gid) < 0 ||
	    setresuid(id->uid, id->uid, id->uid) < 0)
		return errno;
	return 0;
}

/* Pointers into our own environment: nothing is allocated after fork. */
static void
environment_pick(char *env[ENV_MAX])
{
	extern char **environ;
	size_t n = 0;

	for (char **e = environ; *e != NULL; e++)
		for (const char *const *k = kept_variables; *k != NULL; k++) {
			size_t len = strlen(*k);

			if (strncmp(*e, *k, len) == 0 && (*e)[len] == '=' &&
			    n < ENV_MAX - 1)
				env[n++] = *e;
		}
	env[n] = NULL;
}

/* First out of the way of each other, then to their places. */
static int
fds_place(struct child *c)
{
	const struct spawn *s = c->spawn;
	int parked[SPAWN_FDS_MAX], out = s->out_fd, err = s->err_fd;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	c->report = fcntl(c->report, F_DUPFD_CLOEXEC, PARK_FD);
	if (null < 0 || c->report < 0)
		return errno;
	for (int i = 0; i < s->fd_count; i++) {
		parked[i] = s->fds[i] < 0 ? -1 :
		    fcntl(s->fds[i], F_DUPFD_CLOEXEC, PARK_FD);
		if (s->fds[i] >= 0 && parked[i] < 0)
			return errno;
	}
	out = out == 0 ? STDOUT_FILENO : out;
	err = err == 0 ? STDERR_FILENO : err;
	out = fcntl(out, F_DUPFD_CLOEXEC, PARK_FD);
	err = fcntl(err, F_DUPFD_CLOEXEC, PARK_FD);
	if (dup2(null, STDIN_FILENO) < 0 ||
	    dup2(out < 0 ? null : out, STDOUT_FILENO) < 0 ||
	    dup2(err < 0 ? null : err, STDERR_FILENO) < 0)
		return errno;
	for (int i = 0; i < s->fd_count; i++)
		if (parked[i] >= 0 && dup2(parked[i], FIRST_FD + i) < 0)
			return errno;
	for (int i = 0; i < s->fd_count; i++)
		if (parked[i] < 0)
			close(FIRST_FD + i);
	return 0;
}

/* All but what was put in place, whoever forgot O_CLOEXEC. */
static int
fds_close_rest(const struct child *c)
{
	unsigned first = (unsigned)(FIRST_FD + c->spawn->fd_count);
	unsigned report = (unsigned)c->report;

	if (close_range(first, report - 1, 0) < 0 ||
	    close_range(report + 1, ~0u, 0) < 0)
		return errno;
	return 0;
}

static void
signals_reset(void)
{
	sigset_t none;

	for (int n = 1; n < NSIG; n++)
		signal(n, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* PDEATHSIG after the change of identity, which clears it. */
static int
lock_down(const struct child *c)
{
	const struct rlimit none = { 0, 0 };
	int error = identity_take(&c->identity);

	if (error != 0)
		return error;
	if (setrlimit(RLIMIT_CORE, &none) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return errno;
	if (getppid() != c->parent)
		_exit(1);	/* the parent died before we could ask */
	return 0;
}

static int
child_exec(struct child *c)
{
	int error = fds_place(c);

	if (error == 0)
		error = fds_close_rest(c);
	if (error == 0)
		error = lock_down(c);
	if (error != 0)
		return error;
	signals_reset();
	execve(c->spawn->path, (char *const *)(uintptr_t)c->spawn->argv, c->env);
	return errno;
}

/* Waits until exec closed the pipe or told why it could not. */
static int
report_read(int fd, pid_t pid)
{
	int error = 0;
	ssize_t n;

	do
		n = read(fd, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(error))
		return 0;
	spawn_kill(pid);
	return error;
}

int
spawn_run(const struct spawn *s, pid_t *pid)
{
	struct child c = { .spawn = s, .parent = getpid() };
	int report[2], error = identity_find(s->user, &c.identity);

	if (error != 0)
		return error;
	if (s->fd_count > SPAWN_FDS_MAX)
		return E2BIG;
	environment_pick(c.env);
	if (pipe2(report, O_CLOEXEC) < 0)
		return errno;
	*pid = fork();
	if (*pid == 0) {
		c.report = report[1];
		error = child_exec(&c);
		if (write(c.report, &error, sizeof(error)) < 0)
			_exit(126);
		_exit(127);
	}
	error = *pid < 0 ? errno : 0;
	close(report[1]);
	if (error == 0)
		error = report_read(report[0], *pid);
	close(report[0]);
	return error;
}

int
spawn_kill(pid_t pid)
{
	int status = 0;

	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

const char *
spawn_status(char *out, size_t size, int status)
{
	if (WIFSIGNALED(status))
		snprintf(out, size, "signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else
		snprintf(out, size, "exit %d", WEXITSTATUS(status));
	return out;
}
