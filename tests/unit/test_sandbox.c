/* SPDX-License-Identifier: BSD-2-Clause */
/* What a locked process can still do, by role; each lock in a process of its own. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "mailtri/stage.h"

static struct sandbox_grant grant;

/* Wait status of a child that locks itself and then tries; what try()
 * returns is its exit status: 0 or an errno value. */
static int
locked(enum sandbox_role role, int (*try)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		sandbox_enter();
		sandbox_lock(role, &grant);
		_exit(try());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool
is_killed(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static int
result(long returned)
{
	return returned >= 0 ? 0 : errno;
}

static int try_nothing(void) { return 0; }
static int try_inet(void) { return result(socket(AF_INET, SOCK_STREAM, 0)); }
static int try_inet6(void) { return result(socket(AF_INET6, SOCK_STREAM, 0)); }
static int try_unix(void) { return result(socket(AF_UNIX, SOCK_STREAM, 0)); }
static int try_read(void) { return result(open("/etc/passwd", O_RDONLY)); }
static int try_create(void) { return result(open("/tmp/x", O_RDWR | O_CREAT, 0600)); }
static int try_fork(void) { return result(syscall(SYS_fork)); }
static int try_kill(void) { return result(kill(getppid(), 0)); }
static int try_tgkill(void) { return result(syscall(SYS_tgkill, getppid(), getppid(), 0)); }
static int try_ptrace(void) { return result(syscall(SYS_ptrace, 0, 0, 0, 0)); }
static int try_dumpable(void) { return result(prctl(PR_SET_DUMPABLE, 1)); }

static int
try_exec(void)
{
	return result(execl("/bin/true", "true", (char *)NULL));
}

static int
try_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	    MAP_FAILED ? errno : 0;
}

/* abort() must still end it as abort() does. */
static int
try_abort(void)
{
	abort();
}

static const enum sandbox_role confined[] = { SANDBOX_FRONT, SANDBOX_ENGINE, SANDBOX_PARSER,
	SANDBOX_WORKER, SANDBOX_WORKER_NET, SANDBOX_RESOLVER, SANDBOX_KEYS, SANDBOX_LOADING };

static void
nobody_runs_programs_or_harms_others(void **state)
{
	static int (*const tries[])(void) = { try_fork, try_exec, try_kill, try_tgkill,
		try_ptrace, try_dumpable };

	(void)state;
	for (size_t r = 0; r < sizeof(confined) / sizeof(confined[0]); r++) {
		assert_int_equal(locked(confined[r], try_nothing), 0);
		for (size_t t = 0; t < sizeof(tries) / sizeof(tries[0]); t++)
			assert_true(is_killed(locked(confined[r], tries[t])));
		assert_int_equal(WTERMSIG(locked(confined[r], try_abort)), SIGABRT);
		if (confined[r] != SANDBOX_LOADING)
			assert_true(is_killed(locked(confined[r], try_code)));
	}
}

static void
only_the_resolver_has_sockets(void **state)
{
	(void)state;
	for (size_t r = 0; r < sizeof(confined) / sizeof(confined[0]); r++) {
		bool dials = confined[r] == SANDBOX_RESOLVER;

		assert_int_equal(is_killed(locked(confined[r], try_inet)), !dials);
		assert_int_equal(is_killed(locked(confined[r], try_inet6)), !dials);
		assert_true(is_killed(locked(confined[r], try_unix)));
	}
}

static void
files_are_out_of_reach(void **state)
{
	static const enum sandbox_role without[] = { SANDBOX_FRONT, SANDBOX_PARSER,
		SANDBOX_WORKER, SANDBOX_WORKER_NET };

	(void)state;
	for (size_t r = 0; r < sizeof(without) / sizeof(without[0]); r++) {
		assert_int_equal(WEXITSTATUS(locked(without[r], try_read)), EACCES);
		assert_int_equal(WEXITSTATUS(locked(without[r], try_create)), EACCES);
	}
}

/* What a stage needs opens this and no more. */
static void
a_need_opens_its_calls_alone(void **state)
{
	(void)state;
	grant.needs = ~(uint32_t)MT_NEED_FILES;
	assert_int_equal(WEXITSTATUS(locked(SANDBOX_WORKER, try_read)), EACCES);
	grant.needs = MT_NEED_FILES;
	sandbox_grant_path(&grant, "/etc/passwd", false);
	assert_int_equal(locked(SANDBOX_WORKER, try_read), 0);
	assert_true(is_killed(locked(SANDBOX_WORKER, try_create)));
	assert_true(is_killed(locked(SANDBOX_WORKER, try_inet)));
	grant = (struct sandbox_grant){ 0 };
}

static int
landlock_version(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
}

static char folder[] = "/tmp/test_sandbox.XXXXXX";

static int
try_inside(void)
{
	if (chdir("/") == 0)	/* not even that */
		return 1;
	return 2;
}

static int
try_state(void)
{
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "%s/file", folder);
	fd = open(name, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || write(fd, "x", 1) != 1 || fdatasync(fd) != 0 || unlink(name) != 0)
		return errno;
	return 0;
}

static void
a_state_directory_is_all_there_is(void **state)
{
	(void)state;
	if (landlock_version() < 1)
		skip();		/* NOT PROVED: this kernel has no Landlock */
	assert_non_null(mkdtemp(folder));
	sandbox_grant_path(&grant, folder, true);
	sandbox_grant_path(&grant, "/nowhere/at/all", true);
	assert_int_equal(locked(SANDBOX_ENGINE, try_state), 0);
	assert_int_equal(WEXITSTATUS(locked(SANDBOX_ENGINE, try_read)), EACCES);
	assert_int_equal(WEXITSTATUS(locked(SANDBOX_ENGINE, try_create)), EACCES);
	assert_true(is_killed(locked(SANDBOX_ENGINE, try_inside)));
	grant = (struct sandbox_grant){ 0 };
	rmdir(folder);
}

/* Landlock stands behind the calls that a role has. */
static void
no_role_reads_what_it_was_not_given(void **state)
{
	static const enum sandbox_role readers[] = { SANDBOX_ENGINE, SANDBOX_RESOLVER,
		SANDBOX_KEYS, SANDBOX_LOADING };

	(void)state;
	if (landlock_version() < 1)
		skip();		/* NOT PROVED: this kernel has no Landlock */
	for (size_t r = 0; r < sizeof(readers) / sizeof(readers[0]); r++)
		assert_int_equal(WEXITSTATUS(locked(readers[r], try_read)), EACCES);
}

#ifndef MAILTRI_SANITIZED
static int
try_memory(void)
{
	for (size_t done = 0; done < (size_t)4 << 30; done += 16 << 20)
		if (malloc(16 << 20) == NULL)
			return ENOMEM;
	return 0;
}
#endif

static int
try_descriptors(void)
{
	for (int i = 0; i < 4096; i++)
		if (fcntl(0, F_DUPFD_CLOEXEC, 3) < 0)
			return errno;
	return 0;
}

static void
memory_and_descriptors_have_an_end(void **state)
{
	(void)state;
#ifndef MAILTRI_SANITIZED
	assert_int_equal(WEXITSTATUS(locked(SANDBOX_WORKER, try_memory)), ENOMEM);
	assert_int_equal(WEXITSTATUS(locked(SANDBOX_PARSER, try_memory)), ENOMEM);
#endif
	assert_int_equal(WEXITSTATUS(locked(SANDBOX_WORKER, try_descriptors)), EMFILE);
	assert_int_equal(WEXITSTATUS(locked(SANDBOX_WORKER_NET, try_descriptors)), EMFILE);
}

static int
entered(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct have[2];
	struct rlimit core;

	if (syscall(SYS_capget, &head, have) != 0 || getrlimit(RLIMIT_CORE, &core) != 0)
		return 1;
	if ((have[0].permitted | have[1].permitted | have[0].effective | have[1].effective |
	    have[0].inheritable | have[1].inheritable) != 0)
		return 2;
	if (core.rlim_max != 0 || prctl(PR_GET_DUMPABLE) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 3;
	return 0;
}

static void
privileges_go_first(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		sandbox_enter();
		_exit(entered());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* The master forks, executes and becomes others; it never debugs. */
static void
the_master_is_denied_what_nobody_needs(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		sandbox_lock(SANDBOX_MASTER, NULL);
		_exit(fork() < 0 || open("/etc/passwd", O_RDONLY) < 0 ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	pid = fork();
	if (pid == 0) {
		sandbox_lock(SANDBOX_MASTER, NULL);
		_exit(try_ptrace());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
#ifndef MAILTRI_SANITIZED
	assert_true(is_killed(status));
#endif
}

/* A typing error in a table would forbid in silence. */
static void
every_name_is_a_system_call(void **state)
{
	(void)state;
	for (int r = 0; r < SANDBOX_ROLES; r++)
		for (const struct sandbox_call *const *l = sandbox_table((enum sandbox_role)r)->lists;
		    *l != NULL; l++)
			for (const struct sandbox_call *c = *l; c->name != NULL; c++)
				if (seccomp_syscall_resolve_name(c->name) == __NR_SCMP_ERROR)
					fail_msg("%s", c->name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_runs_programs_or_harms_others),
		cmocka_unit_test(only_the_resolver_has_sockets),
		cmocka_unit_test(files_are_out_of_reach),
		cmocka_unit_test(a_need_opens_its_calls_alone),
		cmocka_unit_test(a_state_directory_is_all_there_is),
		cmocka_unit_test(no_role_reads_what_it_was_not_given),
		cmocka_unit_test(memory_and_descriptors_have_an_end),
		cmocka_unit_test(privileges_go_first),
		cmocka_unit_test(the_master_is_denied_what_nobody_needs),
		cmocka_unit_test(every_name_is_a_system_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
