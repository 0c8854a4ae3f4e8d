/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes Markdown from a stream of words, breaks and marks.  Nothing is
 * written before there is a word for it: no empty emphasis, no empty items,
 * no lines at the end.
 */
#ifndef LINEAR_WRITER_H
#define LINEAR_WRITER_H

#include "markdown.h"

enum { WRITER_PREFIX_MAX = 64, WRITER_MARKS_MAX = 16 };

/* What is due before the next word; the larger one wins. */
enum writer_break { BREAK_NONE, BREAK_ITEM, BREAK_LINE, BREAK_BLOCK };

struct writer_mark {
	const char *mark;	/* "**"; "[": a link to url */
	const char *url;
	int open;		/* it is written */
};

struct writer {
	struct text *out;
	enum writer_break due;
	int space, cell;	/* due between two words: a blank, a cell's edge */
	int code, pre;		/* words are not escaped; lines are kept */
	uint32_t last;		/* character written */
	size_t ticks;		/* '`' in a row */
	char prefix[WRITER_PREFIX_MAX];	/* of each line: "> ", blanks */
	size_t prefix_len;
	char lead[WRITER_PREFIX_MAX];	/* "- ": instead of it from lead_at, once */
	size_t lead_len, lead_at;
	struct writer_mark marks[WRITER_MARKS_MAX];
	size_t mark_count;
	struct markdown_place place;
};

struct writer_level { size_t prefix_len, lead_len; };

void writer_init(struct writer *, struct text *out);
void writer_break(struct writer *, enum writer_break);	/* closes what is open */
void writer_space(struct writer *);
void writer_cell(struct writer *);
void writer_character(struct writer *, uint32_t);
void writer_rule(struct writer *);

/* mark and url live until the mark is ended.  0: there are too many. */
int writer_mark(struct writer *, const char *mark, const char *url);
void writer_mark_end(struct writer *);

/* What the lines of a block begin with: lead on the first, prefix on others. */
struct writer_level writer_enter(struct writer *, const char *lead, const char *prefix);
void writer_leave(struct writer *, struct writer_level);

void writer_pre(struct writer *);
void writer_pre_end(struct writer *);
/* All that is open is closed. */
void writer_fini(struct writer *);

#endif
