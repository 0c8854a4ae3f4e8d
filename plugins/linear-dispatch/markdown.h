/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text on its way from a mail to Linear: always valid UTF-8 without control
 * bytes, in a buffer of fixed size that is cut between characters.
 */
#ifndef LINEAR_MARKDOWN_H
#define LINEAR_MARKDOWN_H

#include "../common/text.h"

/* What a stranger wrote, so that Markdown shows it as he typed it: nothing is
 * a link, an image (Linear would fetch it), a heading or HTML.  Line ends
 * become LF; direction marks and control characters go. */
void markdown_add(struct text *, struct mt_span);

/* One character of such text, and where on its line it stands; all zero: at
 * the start.  The caller makes the lines. */
struct markdown_place {
	int inside, number;	/* behind blanks; behind the digits a line begins with */
};
void markdown_add_character(struct text *, struct markdown_place *, uint32_t);

#endif
