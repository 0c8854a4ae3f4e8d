/* SPDX-License-Identifier: BSD-2-Clause */
/* What is wrong with a configuration: all of it, each with its place. */
#ifndef MAILTRI_CONF_PROBLEM_H
#define MAILTRI_CONF_PROBLEM_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"

enum problem_level { PROBLEM_ERROR, PROBLEM_WARNING, PROBLEM_INFO };

/* Where something stands; line 0: the file as a whole. */
struct place {
	const char *file, *stage;	/* stage NULL: not of one stage */
	unsigned line;
};

struct problem {
	struct problem *next;
	struct place place;
	enum problem_level level;
	const char *text;	/* a sentence that says what to do */
};

struct problems {
	struct arena arena;
	struct problem *head, **tail;
	size_t errors, warnings;
};

void problems_init(struct problems *);
void problems_fini(struct problems *);
void problems_add(struct problems *, enum problem_level, struct place,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* One line each, "file:line: stage: sentence", errors first. */
void problems_print(const struct problems *, FILE *, bool colour);
void problems_print_json(const struct problems *, FILE *);	/* one array */

#endif
