/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes as a mail carries them. */
#ifndef ANSWER_ENCODE_H
#define ANSWER_ENCODE_H

#include "../common/text.h"

enum { ENCODE_LINE_MAX = 76 };

/* Quoted-printable text (RFC 2045 6.7); line ends, LF or CRLF, become CRLF. */
void encode_quoted(struct text *, struct mt_span);
/* A field's value of one line of sound UTF-8, as it is or in encoded words
 * (RFC 2047), folded; `used' characters of the line stand before it. */
void encode_words(struct text *, struct mt_span, size_t used);
/* In encoded words whatever it is: where more than atoms would need quotes. */
void encode_words_always(struct text *, struct mt_span, size_t used);
/* "Thu, 01 Jan 2026 00:00:00 +0000" (RFC 5322 3.3). */
void encode_date(struct text *, int64_t);

#endif
