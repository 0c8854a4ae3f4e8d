/* SPDX-License-Identifier: BSD-2-Clause */
/* From the path of a .so to a stage that can be called.  In workers only. */
#ifndef MAILTRI_STAGE_LOADER_H
#define MAILTRI_STAGE_LOADER_H

#include "conf/descriptor.h"

enum { LOADER_WHY_MAX = 512 };

struct loaded_stage {
	struct mt_stage stage;	/* our size; what an older stage lacks is 0 */
	struct descriptor descriptor;	/* checked, in the arena */
};

/*
 * Refused are: a relative path; a file that, or whose directories, others may
 * write or somebody else owns; another ABI; a broken table.  0, or an errno
 * value and `why': file, reason, remedy.  Never unloaded: the end of the
 * process does that.
 */
int loader_open(const char *path, struct arena *, struct loaded_stage *,
    char why[LOADER_WHY_MAX]);

/* The same without the file: for stages linked in, and for tests. */
int loader_take(const struct mt_stage *, struct arena *, struct loaded_stage *,
    char why[LOADER_WHY_MAX]);

#endif
