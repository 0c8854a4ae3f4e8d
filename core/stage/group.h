/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stages that share this worker process: loaded, their options at hand,
 * opened once.  A stage that cannot be opened ends the process with one
 * line that says why: the engine answers 451 until it can.
 *
 * From group_open() on no foreign code runs unlocked: loading, it reads
 * files and no more.
 */
#ifndef MAILTRI_STAGE_GROUP_H
#define MAILTRI_STAGE_GROUP_H

#include "base/sandbox.h"
#include "conf/settings.h"
#include "stage/loader.h"
#include "stage/options.h"

struct member {
	uint32_t index;		/* in settings->stages */
	const struct setting_stage *setting;
	struct loaded_stage loaded;
	struct mt_conf *confs;	/* one for each set of options */
	void *ctx;
};

struct group {
	const char *name;
	const struct settings *settings;
	const struct secrets *secrets;
	struct arena arena;
	struct member *members;
	size_t count;
};

void group_open(struct group *, const char *name, const struct settings *,
    const struct secrets *);
/* No file, no socket, no code from here on, but what the stages' needs open:
 * the files their options name. */
void group_lock(const struct group *, enum sandbox_role);
const struct member *group_member(const struct group *, uint32_t index);	/* NULL */
/* The options in force for mail to this route. */
const struct mt_conf *member_conf(const struct member *, struct mt_span route);

#endif
