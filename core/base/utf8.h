/* SPDX-License-Identifier: BSD-2-Clause */
/* UTF-8 (RFC 3629, Unicode table 3-7): no surrogates, no overlong forms. */
#ifndef MAILTRI_BASE_UTF8_H
#define MAILTRI_BASE_UTF8_H

#include "base/span.h"

/* Bytes of the well-formed sequence that p, of `left' > 0 bytes, begins
 * with: 1 to 4; 0 if there is none. */
size_t utf8_length(const unsigned char *p, size_t left);
bool utf8_is_valid(struct mt_span);
bool utf8_is_ascii(struct mt_span);
/* C1 controls, and the marks that turn the direction of text or hide in it:
 * U+200B..U+200F, U+2028..U+202E, U+2060..U+2069, U+FEFF.  p: one sequence. */
bool utf8_is_steering(const unsigned char *p, size_t len);
bool utf8_is_text(struct mt_span);	/* valid, and nothing in it steers */

#endif
