/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text on its way from a mail to Linear: always valid UTF-8 without control
 * bytes, in a buffer of fixed size that is cut between characters.
 */
#ifndef LINEAR_TEXT_H
#define LINEAR_TEXT_H

#include "mailtri/stage.h"

struct text {
	char *ptr;		/* cap bytes */
	size_t len, cap;
	int cut;		/* something did not fit */
};

void text_add(struct text *, const char *);	/* ours, as it is */
void text_add_bytes(struct text *, const char *, size_t);	/* all or nothing */
void text_add_character(struct text *, uint32_t);
/* What a stranger wrote, so that Markdown shows it as he typed it: nothing is
 * a link, an image (Linear would fetch it), a heading or HTML.  Line ends
 * become LF; direction marks and control characters go. */
void text_add_markdown(struct text *, struct mt_span);

/* One character of such text, and where on its line it stands; all zero: at
 * the start.  The caller makes the lines. */
struct text_place {
	int inside, number;	/* behind blanks; behind the digits a line begins with */
};
void text_add_escaped(struct text *, struct text_place *, uint32_t);

/* A field's value as a line: unfolded, RFC 2047 words decoded, blanks
 * squeezed, at most `units' UTF-16 units. */
void text_add_field(struct text *, struct mt_span value, size_t units);

#endif
