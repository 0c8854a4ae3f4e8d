/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locking a process in: what it may still ask of the kernel once it serves.
 *
 *	sandbox_enter()	first of all: no core dumps, no debugger, no way to
 *			gain privileges, no capability
 *	sandbox_lock()	when everything is open and before the first byte from
 *			outside is read: limits, Landlock, seccomp
 *
 * The tables of sandbox_table.c say per role and per need of a stage which
 * system calls remain; every other call kills the process, and the kernel
 * logs its number.  A lock is for ever, also for threads and children; a
 * second one only takes away.
 *
 * Landlock comes on top where the kernel has it: files by path, TCP from
 * Linux 6.7, signals to others from 6.12.
 */
#ifndef MAILTRI_BASE_SANDBOX_H
#define MAILTRI_BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sandbox_role {
	SANDBOX_FRONT, SANDBOX_ENGINE, SANDBOX_PARSER, SANDBOX_WORKER,
	SANDBOX_WORKER_NET, SANDBOX_RESOLVER, SANDBOX_KEYS,
	SANDBOX_LOADING,	/* a worker while it loads and opens its stages */
	SANDBOX_MASTER,		/* what neither it nor any child ever needs */
	SANDBOX_ROLES
};

enum { SANDBOX_PATHS_MAX = 128 };

/* One row of a table. */
struct sandbox_call {
	const char *name;	/* as in the manual's section 2; NULL: the end */
	uint8_t check;		/* enum sandbox_check */
	uint8_t arg;		/* number of the argument checked, from 0 */
	uint64_t mask, value;
	int error;		/* 0: allowed; else it fails so, unless another
				 * row allows it */
};

enum sandbox_check {
	SANDBOX_ANY,		/* whatever its arguments */
	SANDBOX_MASKED,		/* (arg & mask) == value */
	SANDBOX_SELF		/* arg is our own process id */
};

struct sandbox_table {
	const char *name;
	const struct sandbox_call *const *lists;	/* ends with NULL */
	bool denies;		/* the lists name what kills, the rest is allowed */
	bool confined;		/* Landlock: no path but those granted */
	bool dials;		/* Landlock: TCP connections may be made */
	bool single;		/* no thread, no child */
	uint32_t files;		/* descriptors at most, with those granted; 0: all we have */
	uint64_t memory;	/* bytes of its own besides what is granted; 0: any */
};

struct sandbox_path {
	const char *path;	/* where there is none, nothing is granted */
	bool write;		/* and below it everything */
};

struct sandbox_grant {
	uint32_t needs;		/* MT_NEED_* of all stages in the process */
	uint64_t memory;	/* bytes more, for messages in hand */
	uint64_t maps;		/* bytes of messages mapped at once */
	uint32_t files;		/* descriptors more */
	struct sandbox_path paths[SANDBOX_PATHS_MAX];
	size_t path_count;
};

void sandbox_enter(void);
/* Ends the process where seccomp cannot be had: nothing runs unlocked. */
void sandbox_lock(enum sandbox_role, const struct sandbox_grant *);	/* grant: may be NULL */
void sandbox_grant_path(struct sandbox_grant *, const char *path, bool write);
bool sandbox_has_landlock(void);	/* of this kernel */

/* sandbox_table.c */
const struct sandbox_table *sandbox_table(enum sandbox_role);
const struct sandbox_call *sandbox_need(unsigned bit);	/* NULL: opens nothing */

#endif
