/* SPDX-License-Identifier: BSD-2-Clause */
/* Encoded words of header fields (RFC 2047), decoded to UTF-8. */
#ifndef PLUGINS_WORD_H
#define PLUGINS_WORD_H

#include "mailtri/stage.h"

/*
 * Writes the value with its encoded words decoded; what is no encoded word,
 * or of a charset iconv does not know, stays as it is.  The bytes are not
 * checked: they may be no UTF-8 where the mail lied.  Returns how many of at
 * most `cap'; word_bytes() is always enough.
 */
size_t word_decode(struct mt_span value, char *out, size_t cap);
size_t word_bytes(size_t value_len);

/* Loads the usual converters for good, of which iconv has each in a file of its
 * own: for open(), since a worker that serves opens no files. */
void word_preload(void);

#endif
