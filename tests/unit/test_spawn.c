/* SPDX-License-Identifier: BSD-2-Clause */
/* What a spawned program is given, and what it is not. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/spawn.h"

/* Runs a shell line and takes what it prints. */
static int
run(const char *line, const int *fds, int fd_count, char out[4096])
{
	const char *argv[] = { "mailtri: test", "-c", line, NULL };
	struct spawn s = { .path = "/bin/sh", .argv = argv, .fds = fds,
		.fd_count = fd_count };
	int pipes[2], status = -1;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	s.out_fd = pipes[1];
	assert_int_equal(spawn_run(&s, &pid), 0);
	close(pipes[1]);
	while ((got = read(pipes[0], out + n, 4095 - n)) > 0)
		n += (size_t)got;
	out[n] = '\0';
	close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
environment_is_clean(void **state)
{
	char out[4096];

	(void)state;
	setenv("CREDENTIALS_DIRECTORY", "/secrets", 1);
	setenv("LD_PRELOAD_NOT", "x", 1);
	setenv("TZ", "UTC", 1);
	assert_int_equal(run("env", NULL, 0, out), 0);
	assert_null(strstr(out, "CREDENTIALS_DIRECTORY"));
	assert_null(strstr(out, "LD_PRELOAD_NOT"));
	assert_non_null(strstr(out, "TZ=UTC"));
	assert_non_null(strstr(out, "PATH="));
	unsetenv("CREDENTIALS_DIRECTORY");
}

/* In crossed order, with one missing, and nothing else open. */
static void
descriptors_are_placed(void **state)
{
	int pipes[2][2], leaked = fcntl(STDIN_FILENO, F_DUPFD, 9);	/* no CLOEXEC */
	char out[4096], bytes[8] = "";

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pipe2(pipes[i], O_CLOEXEC), 0);
	{
		int fds[3] = { pipes[1][1], -1, pipes[0][1] };

		assert_int_equal(run("echo a >&3; echo b >&5; "
		    "for n in 3 4 5 6 7 8 9 10; do "
		    "test ! -e /proc/$$/fd/$n || echo open $n; done", fds, 3, out), 0);
	}
	assert_int_equal(read(pipes[1][0], bytes, sizeof(bytes)), 2);
	assert_int_equal(bytes[0], 'a');
	assert_int_equal(read(pipes[0][0], bytes, sizeof(bytes)), 2);
	assert_int_equal(bytes[0], 'b');
	assert_string_equal(out, "open 3\nopen 5\n");
	for (int i = 0; i < 2; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
	close(leaked);
}

static void
child_is_locked_down(void **state)
{
	char out[4096], *ignored;
	sigset_t set;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(run("ulimit -c; grep -E 'NoNewPrivs|SigBlk|SigIgn' "
	    "/proc/self/status", NULL, 0, out), 0);
	assert_ptr_equal(strstr(out, "0\n"), out);
	assert_non_null(strstr(out, "NoNewPrivs:\t1"));
	assert_non_null(strstr(out, "SigBlk:\t0000000000000000"));
	ignored = strstr(out, "SigIgn:\t");
	assert_non_null(ignored);
	/* 32 and 33 are the C library's own and nobody else's to reset. */
	assert_int_equal(strtoull(ignored + 8, NULL, 16) & ~(3ull << 31), 0);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void
failures_are_told(void **state)
{
	const char *argv[] = { "x", NULL };
	struct spawn s = { .path = "/nowhere/at/all", .argv = argv };
	char text[64];
	pid_t pid;

	(void)state;
	assert_int_equal(spawn_run(&s, &pid), ENOENT);
	s.path = "/etc/passwd";
	assert_int_equal(spawn_run(&s, &pid), EACCES);
	s.path = "/bin/true";
	s.fd_count = SPAWN_FDS_MAX + 1;
	assert_int_equal(spawn_run(&s, &pid), E2BIG);
	s.fd_count = 0;
	if (geteuid() == 0) {
		s.user = "nobody-of-that-name";
		assert_int_equal(spawn_run(&s, &pid), EINVAL);
	}
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);	/* none left behind */
	assert_string_equal(spawn_status(text, sizeof(text), 3 << 8), "exit 3");
	assert_string_equal(spawn_status(text, sizeof(text), SIGKILL),
	    "signal 9 (Killed)");
}

static void
becomes_the_user(void **state)
{
	const char *argv[] = { "sh", "-c", "exit $(id -u)", NULL };
	struct spawn s = { .path = "/bin/sh", .argv = argv, .user = "daemon" };
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(spawn_run(&s, &pid), 0);
	waitpid(pid, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 1);	/* daemon's uid */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(environment_is_clean),
		cmocka_unit_test(descriptors_are_placed),
		cmocka_unit_test(child_is_locked_down),
		cmocka_unit_test(failures_are_told),
		cmocka_unit_test(becomes_the_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
