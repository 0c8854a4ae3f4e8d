/* SPDX-License-Identifier: BSD-2-Clause */
/* stages.d/NAME.conf: one stage's options, by the schema it declares. */
#ifndef MAILTRI_CONF_STAGEFILE_H
#define MAILTRI_CONF_STAGEFILE_H

#include "conf/file.h"

struct stagefile {
	const char *name;	/* of the stage */
	struct place named;	/* where pipeline or deliver names it */
	struct file file;
	const unsigned *set_lines;	/* of each option set; [0] is 0 */
};

struct stagefile_reader {
	struct settings *settings;	/* directories and routes are in place */
	struct problems *problems;
	const char *worker;	/* the program that describes stages */
};

/* Fills `out' from f->name and f->named.  0, or an errno value with the
 * problems added: as many as can be seen at once. */
int stagefile_load(const struct stagefile_reader *, struct stagefile *f,
    struct setting_stage *out);

/* A secret's reference tried out: the problem, if there is one, is added.
 * What only root or only the service may read is not a problem to others. */
void stagefile_try_secret(struct problems *, struct place, const char *reference);

#endif
