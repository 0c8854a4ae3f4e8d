/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a person reads: text made harmless, columns aligned, colours where a
 * terminal shows them, progress of long work on standard error.
 */
#ifndef MAILTRI_CTL_TERM_H
#define MAILTRI_CTL_TERM_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"

enum term_color { TERM_PLAIN, TERM_BOLD, TERM_DIM, TERM_GOOD, TERM_WARN, TERM_BAD };

struct term {
	FILE *out;
	bool color;		/* a terminal that wants colours (NO_COLOR unset) */
	bool progress;		/* standard error is a terminal */
	size_t width;		/* columns; 0: a pipe, nothing is cut */
};

/* when: "auto" (NULL), "always", "never".  EINVAL. */
int term_open(struct term *, FILE *out, const char *when);

/* Text from outside in the arena: control characters, what could steer a
 * terminal and what is not UTF-8 become \xNN. */
const char *term_text(struct arena *, struct mt_span);
void term_print(const struct term *, enum term_color, const char *text);
void term_title(const struct term *, const char *text);

/* One "name  value" line; value NULL: nothing is printed. */
void term_field(const struct term *, const char *name, const char *value);

/* done of total, or just done where total is 0; the line replaces itself. */
void term_progress(const struct term *, const char *what, uint64_t done, uint64_t total);
void term_progress_end(const struct term *);

/* A table: rows are gathered, then printed with columns of one width. */
enum { TABLE_COLUMNS_MAX = 12 };

struct cell {
	const char *text;	/* NULL: "-"; already harmless */
	enum term_color color;
};

struct table_row;
struct table {
	struct arena *arena;
	size_t columns;
	const char *const *headings;
	struct table_row *head, **tail;
	size_t rows;
};
void table_init(struct table *, struct arena *, const char *const *headings,
    size_t columns);
void table_add(struct table *, const struct cell *);	/* t->columns of them */
void table_print(const struct table *, const struct term *);

#endif
