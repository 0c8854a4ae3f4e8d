/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stage that does what the field X-Test-Do of a mail says: it dies, lies,
 * eats memory, speaks on the host's channel or asks the kernel for what it
 * must not have ("call NAME").  What a call returned becomes a fact.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "mailtri/stage.h"

#define PATH (long)"/tmp/mailtri-must-not-exist"
#define PASSWD (long)"/etc/passwd"

static const struct mt_host *host;
static char buffer[4096];
static struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/tmp/x" };

static const struct mt_fact_decl writes[] = {
	{ .key = "t-hostile.result", .type = MT_TEXT, .help = "What a call returned." },
	{ .key = "t-hostile.flag", .type = MT_FLAG, .help = "A flag." },
	{ .key = NULL }
};

/* What no check of mail ever needs, each as an attacker would ask for it. */
static const struct {
	const char *name;
	long nr, arg[6];
} calls[] = {
	{ "open", SYS_open, { PASSWD, O_RDONLY } },
	{ "openat", SYS_openat, { AT_FDCWD, PASSWD, O_RDONLY } },
	{ "openat2", SYS_openat2, { AT_FDCWD, PASSWD, 0, 0 } },
	{ "creat", SYS_creat, { PATH, 0600 } },
	{ "openat-write", SYS_openat, { AT_FDCWD, PATH, O_RDWR | O_CREAT, 0600 } },
	{ "stat", SYS_stat, { PASSWD, (long)buffer } },
	{ "newfstatat", SYS_newfstatat, { AT_FDCWD, PASSWD, (long)buffer, 0 } },
	{ "access", SYS_access, { PASSWD, R_OK } },
	{ "readlink", SYS_readlink, { PASSWD, (long)buffer, 100 } },
	{ "getdents64", SYS_getdents64, { 0, (long)buffer, 100 } },
	{ "unlink", SYS_unlink, { PATH } },
	{ "rename", SYS_rename, { PATH, PATH } },
	{ "mkdir", SYS_mkdir, { PATH, 0700 } },
	{ "rmdir", SYS_rmdir, { PATH } },
	{ "link", SYS_link, { PASSWD, PATH } },
	{ "symlink", SYS_symlink, { PASSWD, PATH } },
	{ "chmod", SYS_chmod, { PATH, 0777 } },
	{ "chown", SYS_chown, { PATH, 0, 0 } },
	{ "truncate", SYS_truncate, { PATH, 0 } },
	{ "mknod", SYS_mknod, { PATH, S_IFIFO | 0600, 0 } },
	{ "chdir", SYS_chdir, { (long)"/" } },
	{ "chroot", SYS_chroot, { (long)"/tmp" } },
	{ "mount", SYS_mount, { PATH, PATH, 0, 0, 0 } },
	{ "umount2", SYS_umount2, { (long)"/", 0 } },
	{ "pivot_root", SYS_pivot_root, { PATH, PATH } },
	{ "socket-inet", SYS_socket, { AF_INET, SOCK_STREAM, 0 } },
	{ "socket-inet6", SYS_socket, { AF_INET6, SOCK_STREAM, 0 } },
	{ "socket-unix", SYS_socket, { AF_UNIX, SOCK_STREAM, 0 } },
	{ "socket-netlink", SYS_socket, { AF_NETLINK, SOCK_RAW, 0 } },
	{ "socket-packet", SYS_socket, { AF_PACKET, SOCK_RAW, 0 } },
	{ "socketpair", SYS_socketpair, { AF_UNIX, SOCK_STREAM, 0, (long)buffer } },
	{ "connect", SYS_connect, { 3, (long)&address, sizeof(address) } },
	{ "bind", SYS_bind, { 3, (long)&address, sizeof(address) } },
	{ "listen", SYS_listen, { 3, 1 } },
	{ "accept", SYS_accept, { 3, 0, 0 } },
	{ "fork", SYS_fork, { 0 } },
	{ "vfork", SYS_vfork, { 0 } },
	{ "clone", SYS_clone, { SIGCHLD } },
	{ "clone-newuser", SYS_clone, { CLONE_NEWUSER | SIGCHLD } },
	{ "clone3", SYS_clone3, { (long)buffer, 88 } },
	{ "execve", SYS_execve, { (long)"/bin/true", 0, 0 } },
	{ "execveat", SYS_execveat, { AT_FDCWD, (long)"/bin/true", 0, 0, 0 } },
	{ "kill-parent", SYS_kill, { -1, 0 } },
	{ "tkill", SYS_tkill, { 1, 0 } },
	{ "tgkill-other", SYS_tgkill, { 1, 1, 0 } },
	{ "ptrace", SYS_ptrace, { PTRACE_ATTACH, 1, 0, 0 } },
	{ "process_vm_readv", SYS_process_vm_readv, { 1, (long)buffer, 1, (long)buffer, 1, 0 } },
	{ "pidfd_open", SYS_pidfd_open, { 1, 0 } },
	{ "prctl-dumpable", SYS_prctl, { PR_SET_DUMPABLE, 1 } },
	{ "setuid", SYS_setuid, { 0 } },
	{ "setgid", SYS_setgid, { 0 } },
	{ "setgroups", SYS_setgroups, { 0, 0 } },
	{ "setresuid", SYS_setresuid, { 0, 0, 0 } },
	{ "capset", SYS_capset, { (long)buffer, (long)buffer } },
	{ "setns", SYS_setns, { 0, 0 } },
	{ "unshare", SYS_unshare, { CLONE_NEWUSER } },
	{ "setrlimit", SYS_setrlimit, { 0, (long)buffer } },
	{ "prlimit64", SYS_prlimit64, { 0, 0, (long)buffer, 0 } },
	{ "bpf", SYS_bpf, { 0, (long)buffer, 8 } },
	{ "perf_event_open", SYS_perf_event_open, { (long)buffer, 0, -1, -1, 0 } },
	{ "io_uring_setup", SYS_io_uring_setup, { 1, (long)buffer } },
	{ "userfaultfd", SYS_userfaultfd, { 0 } },
	{ "keyctl", SYS_keyctl, { 0, -3, 0 } },
	{ "add_key", SYS_add_key, { (long)"user", (long)"x", (long)buffer, 1, -3 } },
	{ "memfd_create", SYS_memfd_create, { (long)"x", 0 } },
	{ "mmap-exec", SYS_mmap, { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1 } },
	{ "mprotect-exec", SYS_mprotect, { 0, 4096, PROT_READ | PROT_EXEC } },
	{ "shmget", SYS_shmget, { 0, 4096, 0600 } },
	{ "msgget", SYS_msgget, { 0, 0600 } },
	{ "semget", SYS_semget, { 0, 1, 0600 } },
	{ "inotify_init1", SYS_inotify_init1, { 0 } },
	{ "fanotify_init", SYS_fanotify_init, { 0, 0 } },
	{ "epoll_create1", SYS_epoll_create1, { 0 } },
	{ "eventfd2", SYS_eventfd2, { 0, 0 } },
	{ "pipe2", SYS_pipe2, { (long)buffer, 0 } },
	{ "dup", SYS_dup, { 0 } },
	{ "dup2", SYS_dup2, { 0, 3 } },
	{ "ioctl-tiocsti", SYS_ioctl, { 0, 0x5412, (long)buffer } },
	{ "init_module", SYS_init_module, { (long)buffer, 1, PATH } },
	{ "kexec_load", SYS_kexec_load, { 0, 0, 0, 0 } },
	{ "reboot", SYS_reboot, { 0 } },
	{ "settimeofday", SYS_settimeofday, { (long)buffer, 0 } },
	{ "sethostname", SYS_sethostname, { (long)"x", 1 } },
	{ "personality", SYS_personality, { 0x0400000 } },
	{ "seccomp", SYS_seccomp, { 0, 0, 0 } },
	{ "timer_create", SYS_timer_create, { 0, 0, (long)buffer } },
	{ "alarm", SYS_alarm, { 1 } },
	{ "sched_setaffinity", SYS_sched_setaffinity, { 0, 8, (long)buffer } },
	{ "setpriority", SYS_setpriority, { 0, 0, -20 } },
	{ "sync", SYS_sync, { 0 } },
	{ NULL, 0, { 0 } },
};

static void
result_set(struct mt_msg *m, const char *text)
{
	struct mt_fact f = { .key = "t-hostile.result", .type = MT_TEXT,
		.text = { text, strlen(text) } };

	host->fact_set(m, &f);
}

static int
do_call(struct mt_msg *m, const char *name)
{
	char text[64] = "no such call";

	for (size_t i = 0; calls[i].name != NULL; i++) {
		const long *a = calls[i].arg;
		long returned;

		if (strcmp(calls[i].name, name) != 0)
			continue;
		returned = syscall(calls[i].nr, a[0], a[1], a[2], a[3], a[4], a[5]);
		if (returned == -1)
			snprintf(text, sizeof(text), "errno %d", errno);
		else
			snprintf(text, sizeof(text), "returned %ld", returned);
	}
	result_set(m, text);
	return 0;
}

static volatile int zero;
static volatile char *volatile nowhere;

static int
deeper(int n)
{
	volatile char room[65536];

	room[0] = (char)n;
	return n == -1 ? 0 : deeper(n + 1) + room[0];
}

/* ---- ways to die ---- */

static int do_segv(struct mt_result *r) { (void)r; *nowhere = 1; return 0; }
static int do_abort(struct mt_result *r) { (void)r; abort(); }
static int do_trap(struct mt_result *r) { (void)r; __builtin_trap(); }
static int do_stack(struct mt_result *r) { (void)r; return deeper(0); }
static int do_exit(struct mt_result *r) { (void)r; _exit(0); }

static int
do_memory(struct mt_result *r)
{
	(void)r;
#ifdef MAILTRI_SANITIZED	/* no limit of memory there: the machine's would be next */
	abort();
#endif
	while (zero == 0) {
		char *p = malloc(1 << 20);

		if (p == NULL)
			abort();
		*(volatile char *)p = 1;
	}
	return 0;
}

static int
do_hang(struct mt_result *r)
{
	(void)r;
	while (zero == 0)
		continue;
	return 0;
}

/* ---- ways to lie ---- */

static int
do_reason(struct mt_result *r)
{
	r->verdict = MT_REJECT;
	memset(r->reason, 'r', sizeof(r->reason));
	memset(r->text, '\n', sizeof(r->text));
	memset(r->enhanced, '9', sizeof(r->enhanced));
	r->smtp_code = 250;
	return 0;
}

static int do_verdict(struct mt_result *r) { r->verdict = 99; return 0; }
static int do_wait(struct mt_result *r) { (void)r; return MT_WAIT; }
static int do_return(struct mt_result *r) { (void)r; return 7; }
static int do_size(struct mt_result *r) { r->size = UINT32_MAX; return 0; }

/* The host's channel is descriptor 3: what comes by it is not believed. */
static int
do_garbage(struct mt_result *r)
{
	(void)r;
	memset(buffer, 0x5a, sizeof(buffer));
	return write(3, buffer, sizeof(buffer)) < 0;
}

static int
do_forge(struct mt_result *r)
{
	static const uint32_t result[4] = { 61, 1, 0, 0 };	/* PROTO_RESULT of another */

	(void)r;
	return write(3, result, sizeof(result)) < 0;
}

static int do_close(struct mt_result *r) { (void)r; return close(3); }

static const struct {
	const char *name;
	int (*run)(struct mt_result *);
} acts[] = {
	{ "segv", do_segv }, { "abort", do_abort }, { "trap", do_trap },
	{ "stack", do_stack }, { "exit", do_exit }, { "memory", do_memory },
	{ "hang", do_hang }, { "reason", do_reason }, { "verdict", do_verdict },
	{ "wait", do_wait }, { "return", do_return }, { "size", do_size },
	{ "garbage", do_garbage }, { "forge", do_forge }, { "close", do_close },
};

/* Facts it did not declare, or as another type: the host says no. */
static int
do_facts(struct mt_msg *m)
{
	struct mt_fact foreign = { .key = "auth.spf", .type = MT_TOKEN, .text = { "pass", 4 } };
	struct mt_fact wrong = { .key = "t-hostile.flag", .type = MT_TEXT, .text = { "x", 1 } };
	static char endless[MT_FACT_TEXT_MAX + 1];
	struct mt_fact large = { .key = "t-hostile.result", .type = MT_TEXT,
		.text = { endless, sizeof(endless) } };
	char text[64];

	memset(endless, 'x', sizeof(endless));
	snprintf(text, sizeof(text), "%d %d %d", host->fact_set(m, &foreign),
	    host->fact_set(m, &wrong), host->fact_set(m, &large));
	result_set(m, text);
	return 0;
}

static int
hostile_open(const struct mt_host *h, const struct mt_conf *conf, void **ctx,
    struct mt_result *why)
{
	(void)conf;
	(void)ctx;
	(void)why;
	host = h;
	return 0;
}

static int
hostile_act(struct mt_msg *m, const char *what, struct mt_result *result)
{
	if (strncmp(what, "call ", 5) == 0)
		return do_call(m, what + 5);
	if (strcmp(what, "facts") == 0)
		return do_facts(m);
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (strcmp(acts[i].name, what) == 0)
			return acts[i].run(result);
	return 0;
}

/* At RCPT there is the sender: abort.NUMBER@... */
static int
hostile_envelope(void *ctx, struct mt_msg *m, struct mt_result *result)
{
	struct mt_span sender;
	char what[64];

	(void)ctx;
	if (host->sender(m, &sender) != 0)
		return 0;
	snprintf(what, sizeof(what), "%.*s", (int)sender.len, sender.ptr);
	what[strcspn(what, ".@")] = '\0';
	return hostile_act(m, what, result);
}

static int
hostile_message(void *ctx, struct mt_msg *m, struct mt_result *result)
{
	static const char wanted[] = "X-Test-Do";
	struct mt_span name, value;
	size_t it = 0;

	(void)ctx;
	while (host->header_next(m, &it, &name, &value) == 0) {
		char what[64];

		if (name.len != sizeof(wanted) - 1 || strncasecmp(name.ptr, wanted, name.len) != 0)
			continue;
		while (value.len > 0 && *value.ptr == ' ') {
			value.ptr++;
			value.len--;
		}
		snprintf(what, sizeof(what), "%.*s", (int)value.len, value.ptr);
		return hostile_act(m, what, result);
	}
	return 0;
}

MT_STAGE(t_hostile,
    .name = "t-hostile", .version = "1.0", .summary = "does what a mail tells it to",
    .writes = writes, .open = hostile_open,
    .envelope = hostile_envelope, .message = hostile_message);
