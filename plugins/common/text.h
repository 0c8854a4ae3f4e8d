/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes that are written one after the other into a buffer of fixed size, and
 * what a stranger wrote on its way into it. */
#ifndef PLUGINS_TEXT_H
#define PLUGINS_TEXT_H

#include "mailtri/stage.h"

struct text {
	char *ptr;		/* cap bytes */
	size_t len, cap;
	int cut;		/* something did not fit; nothing is added any more */
};

void text_add(struct text *, const char *);	/* ours, as it is */
void text_add_bytes(struct text *, const char *, size_t);	/* all or nothing */
void text_add_character(struct text *, uint32_t);
struct mt_span text_span(const struct text *);

/* A stranger's words as one line: UTF-8 made sound, blanks and line ends
 * squeezed to one blank, none at its ends, hidden characters gone, at most
 * `units' UTF-16 units.  Each character is written by `put'. */
void text_add_line(struct text *, struct mt_span, size_t units,
    void (*put)(struct text *, uint32_t));

#endif
