/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a mail's own words end: what follows is a signature, or what it
 * answers. */
#ifndef LINEAR_QUOTE_H
#define LINEAR_QUOTE_H

#include "mailtri/stage.h"

enum { QUOTE_ATTRIBUTION_MAX = 400, QUOTE_ATTRIBUTION_LINES = 3 };

/*
 * The offset of the first line of that tail; the length where there is none,
 * and where nothing would be left in front of it.  Quoted blocks with words
 * behind them are no tail: those are answers.  A forwarded message is none
 * either.  markdown: as html.h writes it.
 */
size_t quote_find(struct mt_span, int markdown);

/* The first line with words says that a forwarded message follows. */
int quote_begins_forward(struct mt_span, int markdown);

/* "Fwd:" and its like in front of a subject. */
int quote_is_forward(struct mt_span subject);

#endif
