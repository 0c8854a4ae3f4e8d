/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may ask what of the kernel: one list a role, one a need of a stage,
 * and those that several share.  DNS, state, HTTP, mail, bytes and edits are frames on the
 * channel a worker has anyway, so their needs open no system call at all.
 */
#include "base/sandbox.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#define ALLOW(call) { .name = call, .check = SANDBOX_ANY }
#define WHERE(call, n, bits, is) { .name = call, .check = SANDBOX_MASKED, .arg = n, \
	.mask = bits, .value = is }
#define IS(call, n, is) WHERE(call, n, ~0ull, is)
#define IS32(call, n, is) WHERE(call, n, 0xffffffffu, is)
#define REFUSE(call, with) { .name = call, .check = SANDBOX_ANY, .error = with }
#define REFUSE_IS32(call, n, is, with) { .name = call, .check = SANDBOX_MASKED, .arg = n, \
	.mask = 0xffffffffu, .value = is, .error = with }
#define END { .name = NULL }

/* Memory, time, the channel's bytes, the end. */
static const struct sandbox_call base[] = {
	ALLOW("read"), ALLOW("write"), ALLOW("readv"), ALLOW("writev"), ALLOW("close"),
	ALLOW("recvmsg"), ALLOW("sendmsg"), ALLOW("fstat"), ALLOW("lseek"),
	IS32("newfstatat", 3, AT_EMPTY_PATH),	/* fstat() of glibc */
	IS32("fcntl", 1, F_GETFL), IS32("fcntl", 1, F_SETFL), IS32("fcntl", 1, F_GETFD),
	IS32("fcntl", 1, F_SETFD), IS32("fcntl", 1, F_GET_SEALS),
	IS32("fcntl", 1, F_DUPFD_CLOEXEC),
	ALLOW("brk"), ALLOW("munmap"), ALLOW("mremap"), ALLOW("madvise"),
	ALLOW("futex"), ALLOW("sched_yield"),
	ALLOW("clock_gettime"), ALLOW("clock_getres"), ALLOW("gettimeofday"), ALLOW("time"),
	ALLOW("clock_nanosleep"), ALLOW("nanosleep"), ALLOW("restart_syscall"),
	ALLOW("getrandom"), ALLOW("getpid"), ALLOW("gettid"), ALLOW("getuid"), ALLOW("geteuid"),
	ALLOW("getgid"), ALLOW("getegid"), ALLOW("uname"), ALLOW("sysinfo"),
	ALLOW("rt_sigaction"), ALLOW("rt_sigprocmask"), ALLOW("rt_sigreturn"),
	ALLOW("sigaltstack"), ALLOW("exit"), ALLOW("exit_group"),
	{ .name = "tgkill", .check = SANDBOX_SELF },	/* abort() */
#ifdef MAILTRI_SANITIZED
	IS("prlimit64", 2, 0), ALLOW("getrlimit"), ALLOW("sched_getaffinity"),
	IS32("prctl", 0, PR_SET_VMA),
	REFUSE_IS32("ioctl", 1, TCGETS, ENOTTY),	/* may a report be in colour? */
#endif
	END
};

/* Memory that holds either data or code. */
static const struct sandbox_call data_only[] = {
	WHERE("mmap", 2, PROT_EXEC, 0), WHERE("mprotect", 2, PROT_EXEC, 0), END
};

/* Libraries look for what they can do without: iconv's modules, locales,
 * the time zone, OpenSSL's configuration. */
static const struct sandbox_call no_files[] = {
	REFUSE("open", EACCES), REFUSE("openat", EACCES), REFUSE("access", EACCES),
	REFUSE("faccessat", EACCES), REFUSE("faccessat2", EACCES), REFUSE("stat", EACCES),
	REFUSE("lstat", EACCES), REFUSE("statx", EACCES), REFUSE("readlink", EACCES),
	REFUSE("readlinkat", EACCES), REFUSE("getcwd", EACCES), END
};

static const struct sandbox_call sealed_bytes[] = {
	ALLOW("memfd_create"), IS32("fcntl", 1, F_ADD_SEALS), END
};

static const struct sandbox_call event_loop[] = {
	ALLOW("epoll_wait"), ALLOW("epoll_pwait"), ALLOW("epoll_ctl"), ALLOW("poll"),
	ALLOW("ppoll"), END
};

/* A socket that has its peer: no address is ever named. */
static const struct sandbox_call connected[] = {
	ALLOW("recvfrom"), IS("sendto", 4, 0), ALLOW("shutdown"), ALLOW("getpeername"),
	ALLOW("getsockname"), ALLOW("getsockopt"), ALLOW("setsockopt"),
	IS32("ioctl", 1, FIONREAD), IS32("ioctl", 1, FIONBIO), END
};

/* clone3() hides its flags from a filter; glibc falls back to clone(). */
static const struct sandbox_call threads[] = {
	WHERE("clone", 0, CLONE_THREAD, CLONE_THREAD), REFUSE("clone3", ENOSYS),
	ALLOW("set_robust_list"), ALLOW("rseq"), ALLOW("sched_getaffinity"), ALLOW("membarrier"),
	END
};

static const struct sandbox_call files_read[] = {
	WHERE("open", 1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY),
	WHERE("openat", 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY),
	ALLOW("pread64"), ALLOW("newfstatat"), ALLOW("stat"), ALLOW("lstat"), ALLOW("statx"),
	ALLOW("access"), ALLOW("faccessat"), ALLOW("faccessat2"), ALLOW("readlink"),
	ALLOW("readlinkat"), ALLOW("getcwd"), ALLOW("getdents64"), END
};

/* A directory of our own: databases, bodies, shards. */
static const struct sandbox_call files_write[] = {
	ALLOW("open"), ALLOW("openat"), ALLOW("pread64"), ALLOW("pwrite64"), ALLOW("newfstatat"),
	ALLOW("stat"), ALLOW("lstat"), ALLOW("statx"), ALLOW("access"), ALLOW("faccessat"),
	ALLOW("faccessat2"), ALLOW("readlink"), ALLOW("readlinkat"), ALLOW("getcwd"),
	ALLOW("getdents64"), ALLOW("fsync"), ALLOW("fdatasync"), ALLOW("ftruncate"),
	ALLOW("fallocate"), ALLOW("unlink"), ALLOW("unlinkat"), ALLOW("rename"),
	ALLOW("renameat"), ALLOW("renameat2"), ALLOW("mkdir"), ALLOW("mkdirat"),
	ALLOW("statfs"), ALLOW("fstatfs"), ALLOW("fchmod"), ALLOW("fchown"), ALLOW("flock"),
	IS32("fcntl", 1, F_SETLK), IS32("fcntl", 1, F_GETLK), IS32("fcntl", 1, F_OFD_SETLK),
	END
};

/* ---- one list a role ---- */

static const struct sandbox_call front[] = {
	ALLOW("accept4"), ALLOW("accept"), END
};

static const struct sandbox_call engine[] = {
	ALLOW("accept4"), ALLOW("eventfd2"), ALLOW("epoll_create1"), END
};

static const struct sandbox_call resolver[] = {
	IS32("socket", 0, AF_INET), IS32("socket", 0, AF_INET6), ALLOW("connect"), ALLOW("bind"),
	ALLOW("sendto"), ALLOW("sendmmsg"), ALLOW("recvmmsg"), ALLOW("pipe2"), ALLOW("pipe"),
	IS32("socketpair", 0, AF_UNIX), ALLOW("eventfd2"), ALLOW("epoll_create1"),
	ALLOW("epoll_create"), ALLOW("select"), ALLOW("pselect6"), ALLOW("timerfd_create"),
	ALLOW("timerfd_settime"), ALLOW("prlimit64"), ALLOW("getrlimit"),
	REFUSE_IS32("socket", 0, AF_NETLINK, EAFNOSUPPORT),	/* of getaddrinfo() */
	END
};

/* A call that hangs ends the process. */
static const struct sandbox_call watch[] = {
	IS32("setitimer", 0, ITIMER_REAL), END
};

static const struct sandbox_call keys[] = {
	ALLOW("mlock"), ALLOW("munlock"), END
};

/* dlopen(), and the second lock, which only takes away: all that a worker and a
 * worker-net do later stands in the lists of this row as well. */
static const struct sandbox_call loading[] = {
	ALLOW("mmap"), ALLOW("mprotect"), ALLOW("arch_prctl"), ALLOW("statfs"), ALLOW("fstatfs"),
	ALLOW("prlimit64"), ALLOW("setrlimit"), ALLOW("getrlimit"), ALLOW("mlock"),
	ALLOW("munlock"), ALLOW("capget"), ALLOW("seccomp"), ALLOW("landlock_create_ruleset"),
	ALLOW("landlock_add_rule"), ALLOW("landlock_restrict_self"),
	IS32("prctl", 0, PR_SET_NO_NEW_PRIVS), IS32("prctl", 0, PR_SET_SECCOMP),
	IS32("prctl", 0, PR_GET_SECCOMP), IS32("prctl", 0, PR_SET_VMA),
	IS32("ioctl", 1, TCGETS), END
};

static const struct sandbox_call never[] = {
#ifndef MAILTRI_SANITIZED	/* which looks for leaks as a debugger would */
	ALLOW("ptrace"),
#endif
	ALLOW("process_vm_readv"), ALLOW("process_vm_writev"),
	ALLOW("process_madvise"), ALLOW("pidfd_getfd"), ALLOW("kcmp"), ALLOW("bpf"),
	ALLOW("perf_event_open"), ALLOW("userfaultfd"), ALLOW("io_uring_setup"),
	ALLOW("io_uring_enter"), ALLOW("io_uring_register"), ALLOW("init_module"),
	ALLOW("finit_module"), ALLOW("delete_module"), ALLOW("kexec_load"),
	ALLOW("kexec_file_load"), ALLOW("reboot"), ALLOW("swapon"), ALLOW("swapoff"),
	ALLOW("mount"), ALLOW("umount2"), ALLOW("move_mount"), ALLOW("open_tree"),
	ALLOW("fsopen"), ALLOW("fsmount"), ALLOW("pivot_root"), ALLOW("chroot"),
	ALLOW("unshare"), ALLOW("setns"), ALLOW("keyctl"), ALLOW("add_key"),
	ALLOW("request_key"), ALLOW("settimeofday"), ALLOW("clock_settime"), ALLOW("adjtimex"),
	ALLOW("clock_adjtime"), ALLOW("sethostname"), ALLOW("setdomainname"), ALLOW("acct"),
	ALLOW("quotactl"), ALLOW("nfsservctl"), ALLOW("syslog"), ALLOW("iopl"), ALLOW("ioperm"),
	ALLOW("personality"), ALLOW("mknod"), ALLOW("mknodat"), ALLOW("open_by_handle_at"),
	ALLOW("name_to_handle_at"), ALLOW("fanotify_init"), ALLOW("modify_ldt"),
	ALLOW("vhangup"), ALLOW("lookup_dcookie"), ALLOW("mbind"), ALLOW("migrate_pages"),
	ALLOW("move_pages"), ALLOW("set_mempolicy"), ALLOW("memfd_secret"), ALLOW("uselib"), END
};

#define LISTS(...) (const struct sandbox_call *const[]){ base, __VA_ARGS__, NULL }

enum { MIB = 1 << 20 };

/*
 * What the engine holds grows with its state, so it has no limit of memory.
 * No role has one of processor time, for that counts over its whole life, or
 * of the size of files, for its log may be one.
 */
static const struct sandbox_table tables[SANDBOX_ROLES] = {
	[SANDBOX_FRONT] = { .name = "front", .confined = true, .single = true, .files = 64,
	    .memory = 256ull * MIB, .lists = LISTS(data_only,
	    no_files, sealed_bytes, event_loop, connected, front) },
	[SANDBOX_ENGINE] = { .name = "engine", .confined = true, .lists = LISTS(data_only,
	    sealed_bytes, event_loop, connected, threads, files_write, engine) },
	[SANDBOX_PARSER] = { .name = "parser", .confined = true, .single = true, .files = 32,
	    .memory = 256ull * MIB, .lists = LISTS(data_only, no_files, sealed_bytes) },
	[SANDBOX_WORKER] = { .name = "worker", .confined = true, .single = true, .files = 32,
	    .memory = 256ull * MIB, .lists = LISTS(data_only, no_files) },
	[SANDBOX_WORKER_NET] = { .name = "worker-net", .confined = true, .single = true,
	    .files = 2048, .memory = 512ull * MIB, .lists = LISTS(data_only, no_files, event_loop, connected, watch) },
	[SANDBOX_RESOLVER] = { .name = "resolver", .confined = true, .dials = true,
	    .files = 8192, .memory = 1024ull * MIB, .lists = LISTS(data_only, event_loop, connected, threads, files_read, resolver) },
	[SANDBOX_KEYS] = { .name = "keys", .confined = true, .single = true, .files = 256,
	    .memory = 256ull * MIB, .lists = LISTS(data_only, files_write, keys) },
	[SANDBOX_LOADING] = { .name = "loading", .confined = true, .single = true, .files = 2048,
	    .lists = LISTS(no_files, files_read, event_loop, connected, watch, loading) },
	[SANDBOX_MASTER] = { .name = "master", .denies = true,
	    .lists = (const struct sandbox_call *const[]){ never, NULL } },
};

const struct sandbox_table *
sandbox_table(enum sandbox_role role)
{
	return &tables[role];
}

/* By the number of its bit in enum mt_need. */
static const struct sandbox_call *const needs[] = {
	[6] = files_read,	/* MT_NEED_FILES, of the paths its options name */
};

const struct sandbox_call *
sandbox_need(unsigned bit)
{
	return bit < sizeof(needs) / sizeof(needs[0]) ? needs[bit] : NULL;
}
