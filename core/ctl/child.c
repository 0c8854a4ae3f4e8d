/* SPDX-License-Identifier: BSD-2-Clause */
/* One process of `mailtrictl check'. */
#include "ctl/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proto.h"

enum { FD_SPARE = 16 };		/* above all that have a meaning */

/* What a role finds, and nothing else. */
static int
child_fds(const struct child *c)
{
	int from[] = { c->channel, c->settings, c->secrets, c->said };
	const int to[] = { PROTO_CHANNEL_FD, PROTO_SETTINGS_FD, PROTO_SECRETS_FD,
		STDERR_FILENO };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (size_t i = 0; i < 4; i++)	/* out of the way of the targets */
		if ((from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FD_SPARE)) < 0)
			return errno;
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return errno;
	for (size_t i = 0; i < 4; i++)
		if (dup2(from[i], to[i]) < 0)
			return errno;
	return close_range(PROTO_FIRST_FD, ~0u, 0) < 0 ? errno : 0;
}

static int
child_user(const char *user)
{
	const struct passwd *pw;

	if (geteuid() != 0 || user == NULL)
		return 0;
	errno = 0;
	pw = getpwnam(user);
	if (pw == NULL)
		return errno == 0 ? ENOENT : errno;
	if (initgroups(user, pw->pw_gid) < 0 || setgid(pw->pw_gid) < 0 ||
	    setuid(pw->pw_uid) < 0)
		return errno;
	return 0;
}

static void __attribute__((noreturn))
child_run(const struct child *c, pid_t parent)
{
	sigset_t none;
	int error = child_fds(c);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (error == 0)
		error = child_user(c->user);
	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* a change of user clears it, so now */
	if (getppid() != parent)
		_exit(1);	/* it died before that */
	if (error == 0) {
		execv(c->argv[0], c->argv);
		error = errno;
	}
	log_fatal("%s cannot be started: %s", c->argv[0], strerror(error));
}

pid_t
child_start(const struct child *c)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0)
		child_run(c, parent);
	return pid;
}
