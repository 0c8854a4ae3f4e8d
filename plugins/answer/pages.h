/* SPDX-License-Identifier: BSD-2-Clause */
/* What an answer says, by outcome: built in, or in files of the operator. */
#ifndef ANSWER_PAGES_H
#define ANSWER_PAGES_H

#include "template.h"

enum outcome { OUTCOME_DONE, OUTCOME_REFUSED, OUTCOME_HELD, OUTCOME_FAILED, OUTCOMES };

enum { PAGES_WHY_MAX = 256 };

struct pages {
	struct pages *next;
	char *folder;		/* "": built in */
	char *held[OUTCOMES][2];	/* read from files */
	struct mt_span page[OUTCOMES][2];	/* [TEMPLATE_PLAIN], [TEMPLATE_HTML] */
};

extern const char *const outcome_names[OUTCOMES];	/* "done" */

/* folder/OUTCOME.txt and .html, all that are there, the others built in.  NULL
 * folder: built in.  NULL: the sentence in why. */
struct pages *pages_load(const char *folder, char why[PAGES_WHY_MAX]);
void pages_free(struct pages *);	/* and those behind it */

#endif
