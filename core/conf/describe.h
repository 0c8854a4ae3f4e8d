/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What master and mailtrictl learn of a stage, they learn by running a
 * worker: nothing of theirs loads a .so.  The worker runs foreign code, so
 * its output is held to limits and its time to a deadline.
 *
 *	worker --describe FILE.so
 *		exit 0, a packed descriptor on standard output; or
 *		exit 1, one sentence on standard error
 *	worker --check STAGE	(fd 4: settings)
 *		runs the stage's check() on each of its option sets; a line
 *		"INDEX<tab>sentence" on standard output for each refused one;
 *		exit 0: none refused, 1: some, else: it could not be run
 *	ROLE INSTANCE --try	(fd 4: settings, fd 5: secrets)
 *		front, worker or worker-net opens what it would serve with;
 *		exit 0, or a line with "fatal: " on standard error
 */
#ifndef MAILTRI_CONF_DESCRIBE_H
#define MAILTRI_CONF_DESCRIBE_H

#include "conf/settings.h"

enum {
	DESCRIBE_WHY_MAX = 512,
	DESCRIBE_BYTES_MAX = 256 * 1024,
	DESCRIBE_DEADLINE_MS = 10000
};

/* 0; or an errno value and `why', a sentence that names file and remedy. */
int describe_run(const char *worker, const char *so, struct arena *,
    struct descriptor *, char why[DESCRIBE_WHY_MAX]);

typedef void (*describe_refused_fn)(void *arg, size_t option_set, const char *sentence);

/* 0: the check ran, what it refuses went to fn; or an errno value and why. */
struct describe_check {
	const char *worker, *stage;
	int settings_fd;	/* bytes_memfd() of the packed settings */
	describe_refused_fn fn;
	void *arg;
};
int describe_check_run(const struct describe_check *, char why[DESCRIBE_WHY_MAX]);

/* Whether a role would start: its program with --try opens all it would serve
 * with, and ends.  0; or an errno value and why, its own words where it has
 * some. */
struct describe_try {
	const char *program, *instance;	/* "/.../worker", "worker:checks" */
	const char *user;	/* as in struct spawn */
	int settings_fd, secrets_fd;	/* memfds: packed, this role's */
};
int describe_try_run(const struct describe_try *, char why[DESCRIBE_WHY_MAX]);

#endif
