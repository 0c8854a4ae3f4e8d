/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a process that loads stages may read: libraries and what libraries
 * themselves read, the folder of stages, and what the stages' options name.
 * Not the state, not credentials, not the configuration: there the keys and
 * the secrets of other stages lie.
 */
#ifndef MAILTRI_STAGE_REACH_H
#define MAILTRI_STAGE_REACH_H

#include "base/sandbox.h"
#include "conf/settings.h"

enum { REACH_OPEN_MAX = 64,	/* descriptors a worker has when it begins to load */
	REACH_FD_MAX = 2048	/* it cannot have a higher one: sandbox_table.c */ };

/* Libraries, their data, `path': the file of the one stage, or NULL. */
void reach_libraries(struct sandbox_grant *, const char *stage_dir, const char *path);
/* The files its options name, where it said that it reads files. */
void reach_files(struct sandbox_grant *, const struct setting_stage *);
/* The authorities of its targets: read while loading, by the host. */
void reach_authorities(struct sandbox_grant *, const struct setting_stage *);

/* The descriptors of a process, to see what a stage left open. */
struct reach_open {
	struct { int fd; uint64_t device, inode; } list[REACH_OPEN_MAX];
	size_t count;
};

void reach_note(struct reach_open *);
/* A descriptor that was not there, or was another file, then; -1: none. */
int reach_left(const struct reach_open *);
/* As many descriptors are open without a gap; INT_MAX: all there may be. */
int reach_in_use(void);

#endif
