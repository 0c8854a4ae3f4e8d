/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting a role's program: executed fresh, with the descriptors it is
 * given and no others, a clean environment and no way to gain privileges.
 */
#ifndef MAILTRI_BASE_SPAWN_H
#define MAILTRI_BASE_SPAWN_H

#include <sys/types.h>

enum { SPAWN_FDS_MAX = 16 };

struct spawn {
	const char *path;	/* of the program, absolute */
	const char *const *argv;	/* [0] is what ps shows; ends with NULL */
	const int *fds;		/* become 3, 4, ...; stay open here; -1: none */
	int fd_count;
	int out_fd, err_fd;	/* 0: inherited */
	const char *user;	/* to become, if we are root; NULL: stay */
};

/*
 * 0, or an errno value: also that of exec (ENOENT: no such program), and
 * EINVAL where `user' is unknown.  The child dies with the thread that
 * started it, dumps no core, and sees of our environment only PATH, TZ and
 * what sanitizers and fault tests read.  Its signals are at their defaults.
 */
int spawn_run(const struct spawn *, pid_t *);

/* Ends the child for sure and returns its wait status. */
int spawn_kill(pid_t);
/* "exit 3", "signal 11 (Segmentation fault)". */
const char *spawn_status(char *out, size_t size, int status);

#endif
