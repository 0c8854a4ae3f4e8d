/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes that are written one after the other into a buffer of fixed size. */
#ifndef ANSWER_TEXT_H
#define ANSWER_TEXT_H

#include "mailtri/stage.h"

struct text {
	char *ptr;		/* cap bytes */
	size_t len, cap;
	int cut;		/* something did not fit; nothing is added any more */
};

void text_add(struct text *, const char *, size_t);
void text_add_string(struct text *, const char *);
void text_add_char(struct text *, char);
struct mt_span text_span(const struct text *);

/* What a stranger wrote, as one line: UTF-8 made sound, blanks and line ends
 * squeezed to one blank, hidden characters gone, at most `max' characters. */
void text_add_line(struct text *, struct mt_span, size_t max);
/* The same with what HTML has a meaning for escaped. */
void text_add_html(struct text *, struct mt_span, size_t max);

#endif
