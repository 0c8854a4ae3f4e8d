/* SPDX-License-Identifier: BSD-2-Clause */
/* UTF-8, one character at a time, of bytes nobody vouches for. */
#ifndef PLUGINS_UTF8_H
#define PLUGINS_UTF8_H

#include "mailtri/stage.h"

enum { UTF8_REPLACEMENT = 0xfffd, UTF8_BYTES_MAX = 4 };

/* The character at `at' and how many bytes it has.  What is no character
 * (RFC 3629: overlong, surrogate, above U+10FFFF, cut) is U+FFFD, one byte. */
size_t utf8_next(struct mt_span, size_t at, uint32_t *character);
size_t utf8_put(char out[UTF8_BYTES_MAX], uint32_t character);	/* bytes written */

/* What a line of words shows as a blank: line ends, and U+00A0, 2028, 2029. */
int utf8_is_blank(uint32_t);
/* C0, C1, and what turns the direction of the text around it. */
int utf8_is_control(uint32_t);
int utf8_is_hidden(uint32_t);

#endif
