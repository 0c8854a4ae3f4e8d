/* SPDX-License-Identifier: BSD-2-Clause */
/* No privileges, limits, Landlock, seccomp: in this order. */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

enum { TABLES_MAX = 24, CAPABILITIES_MAX = 64,
	MAPS_BYTES = 1 << 30	/* besides messages: programs, libraries, their data */ };

#ifdef MAILTRI_SANITIZED
static bool is_locked;

/* Looking for leaks takes a second process and ptrace(): not from in here. */
int __lsan_is_turned_off(void) __attribute__((visibility("default")));

int
__lsan_is_turned_off(void)
{
	return is_locked;
}
#endif

/* ---- privileges ---- */

static void
capabilities_drop(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	for (unsigned long c = 0; c < CAPABILITIES_MAX; c++)
		prctl(PR_CAPBSET_DROP, c, 0, 0, 0);	/* fails where we have none */
	if (syscall(SYS_capset, &head, none) != 0)
		log_fatal("cannot drop capabilities: %s", strerror(errno));
}

static void
limit_set(int resource, uint64_t value)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) != 0)
		return;
	if (limit.rlim_max > value)
		limit.rlim_max = value;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	if (setrlimit(resource, &limit) != 0)
		log_fatal("cannot set resource limit %d: %s", resource, strerror(errno));
}

void
sandbox_enter(void)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		log_fatal("cannot give up privileges: %s", strerror(errno));
	limit_set(RLIMIT_CORE, 0);
	capabilities_drop();
}

/* A sanitizer's shadow memory is no measure of anything. */
static void
limits_set(const struct sandbox_table *t, const struct sandbox_grant *g)
{
	uint64_t bytes = t->memory + g->memory;

	limit_set(RLIMIT_CORE, 0);
	if (t->files + g->files != 0)
		limit_set(RLIMIT_NOFILE, t->files + g->files);
	if (t->single)
		limit_set(RLIMIT_NPROC, 0);
#ifndef MAILTRI_SANITIZED
	if (t->memory == 0)
		return;
	limit_set(RLIMIT_DATA, bytes);
	limit_set(RLIMIT_AS, bytes + g->maps + MAPS_BYTES);
#else
	(void)bytes;
#endif
}

/* ---- Landlock; its header is as old as the C library ---- */

enum {
	FS_WRITE_FILE = 1 << 1, FS_READ_FILE = 1 << 2, FS_READ_DIR = 1 << 3,
	FS_REMOVE_DIR = 1 << 4, FS_REMOVE_FILE = 1 << 5, FS_MAKE_DIR = 1 << 7,
	FS_MAKE_REG = 1 << 8, FS_TRUNCATE = 1 << 14,
	FS_OF_FILES = FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE,
	FS_READ = FS_READ_FILE | FS_READ_DIR,
	FS_WRITE = FS_READ | FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR |
	    FS_MAKE_REG | FS_TRUNCATE,
	NET_BIND_TCP = 1 << 0, NET_CONNECT_TCP = 1 << 1,
	SCOPE_ABSTRACT_UNIX = 1 << 0, SCOPE_SIGNAL = 1 << 1,
	RULE_PATH_BENEATH = 1, GET_VERSION = 1
};

struct landlock_attr {
	uint64_t fs, net, scoped;
};

struct landlock_path {
	uint64_t access;
	int32_t fd;
} __attribute__((packed));

/* How many rights the kernel's version of it knows. */
static const struct {
	int abi;
	uint64_t fs;
	size_t size;		/* of struct landlock_attr */
} versions[] = {
	{ 1, (1 << 13) - 1, 8 }, { 2, (1 << 14) - 1, 8 }, { 3, (1 << 15) - 1, 8 },
	{ 4, (1 << 15) - 1, 16 }, { 5, (1 << 16) - 1, 16 }, { 6, (1 << 16) - 1, 24 },
};

static void
path_allow(int ruleset, const struct sandbox_path *p, uint64_t handled)
{
	struct landlock_path rule = { .access = p->write ? FS_WRITE : FS_READ,
		.fd = open(p->path, O_PATH | O_CLOEXEC) };
	struct stat st;

	if (rule.fd < 0)
		return;
	if (fstat(rule.fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.access &= FS_OF_FILES;
	rule.access &= handled;
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) != 0)
		log_fatal("Landlock: %s: %s", p->path, strerror(errno));
	close(rule.fd);
}

static long
landlock_version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, GET_VERSION);
}

bool
sandbox_has_landlock(void)
{
	return landlock_version() >= 1;
}

/* A second layer, missing where the kernel has none. */
static void
landlock_confine(const struct sandbox_table *t, const struct sandbox_grant *g)
{
	long abi = landlock_version();
	struct landlock_attr attr = { .net = NET_BIND_TCP | (t->dials ? 0 : NET_CONNECT_TCP),
		.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL };
	size_t row = sizeof(versions) / sizeof(versions[0]) - 1;
	int ruleset;

	if (abi < 1)
		return;
	while (row > 0 && versions[row].abi > abi)
		row--;
	attr.fs = versions[row].fs;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, versions[row].size, 0);
	if (ruleset < 0)
		log_fatal("Landlock: %s", strerror(errno));
	for (size_t i = 0; i < g->path_count; i++)
		path_allow(ruleset, &g->paths[i], attr.fs);
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		log_fatal("Landlock: %s", strerror(errno));
	close(ruleset);
}

void
sandbox_grant_path(struct sandbox_grant *g, const char *path, bool write)
{
	if (g->path_count == SANDBOX_PATHS_MAX)
		log_fatal("more than %d files for one process: put them in one folder and "
		    "name that", SANDBOX_PATHS_MAX);
	g->paths[g->path_count++] = (struct sandbox_path){ .path = path, .write = write };
}

/* ---- seccomp ---- */

struct filter {
	const struct sandbox_call *lists[TABLES_MAX];
	size_t count;
	bool denies;
	scmp_filter_ctx ctx;
};

static bool
is_allowed(const struct filter *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		for (const struct sandbox_call *c = f->lists[i]; c->name != NULL; c++)
			if (c->error == 0 && strcmp(c->name, name) == 0)
				return true;
	return false;
}

static void
call_add(struct filter *f, const struct sandbox_call *c)
{
	uint32_t action = f->denies ? SCMP_ACT_KILL_PROCESS : c->error == 0 ? SCMP_ACT_ALLOW :
	    SCMP_ACT_ERRNO((uint32_t)c->error);
	int nr = seccomp_syscall_resolve_name(c->name), error;
	struct scmp_arg_cmp cmp = { .arg = c->arg, .op = SCMP_CMP_MASKED_EQ,
		.datum_a = c->mask, .datum_b = c->value };

	if (nr == __NR_SCMP_ERROR)
		return;		/* not on this architecture, or newer than the library */
	if (c->error != 0 && c->check == SANDBOX_ANY && is_allowed(f, c->name))
		return;
	if (c->check == SANDBOX_SELF) {
		cmp.datum_a = UINT32_MAX;
		cmp.datum_b = (uint64_t)getpid();
	}
	error = seccomp_rule_add_array(f->ctx, action, nr, c->check == SANDBOX_ANY ? 0 : 1, &cmp);
	if (error != 0 && error != -EEXIST && error != -EDOM)
		log_fatal("seccomp: %s: %s", c->name, strerror(-error));
}

static void
filter_load(struct filter *f)
{
	int error;

	f->ctx = seccomp_init(f->denies ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS);
	if (f->ctx == NULL)
		log_fatal("seccomp: no memory for a filter");
	seccomp_attr_set(f->ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	seccomp_attr_set(f->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	seccomp_attr_set(f->ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	for (size_t i = 0; i < f->count; i++)
		for (const struct sandbox_call *c = f->lists[i]; c->name != NULL; c++)
			call_add(f, c);
	error = seccomp_load(f->ctx);
	seccomp_release(f->ctx);
	if (error != 0)
		log_fatal("seccomp: %s: this kernel, or the container, takes no filter; "
		    "nothing runs without", strerror(-error));
}

static void
lists_collect(struct filter *f, const struct sandbox_table *t, uint32_t needs)
{
	for (; t->lists[f->count] != NULL; f->count++)
		f->lists[f->count] = t->lists[f->count];
	for (unsigned bit = 0; bit < 32; bit++)
		if ((needs >> bit & 1) != 0 && sandbox_need(bit) != NULL)
			f->lists[f->count++] = sandbox_need(bit);
}

void
sandbox_lock(enum sandbox_role role, const struct sandbox_grant *grant)
{
	static const struct sandbox_grant nothing;
	const struct sandbox_table *t = sandbox_table(role);
	struct filter f = { .denies = t->denies };

	if (grant == NULL)
		grant = &nothing;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		log_fatal("cannot give up privileges: %s", strerror(errno));
	limits_set(t, grant);
	if (t->confined)
		landlock_confine(t, grant);
	lists_collect(&f, t, grant->needs);
	filter_load(&f);
#ifdef MAILTRI_SANITIZED
	is_locked = !t->denies;
#endif
}
