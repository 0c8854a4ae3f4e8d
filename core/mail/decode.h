/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our own decoders, lenient the way mail readers are and saying what they
 * had to forgive: gmime 3.2.13 stops at the first base64 padding and is
 * silent about the rest.
 */
#ifndef MAILTRI_MAIL_DECODE_H
#define MAILTRI_MAIL_DECODE_H

#include "base/buf.h"
#include "mail/finding.h"

/* All appended to `out'. */
void decode_base64(struct mt_span, struct buf *out, struct findings *);	/* RFC 2045 6.8 */
void decode_qp(struct mt_span, struct buf *out, struct findings *);	/* RFC 2045 6.7 */
/* A header value's encoded-words as UTF-8 (RFC 2047), folding removed; what
 * is no encoded-word stays, bytes that are no UTF-8 become U+FFFD. */
void decode_words(struct mt_span, struct buf *out);
/* Text to UTF-8: 0, or ENOTSUP for a charset unknown, with nothing added.
 * What cannot be read becomes U+FFFD. */
int decode_charset(struct mt_span, const char *charset, struct buf *out, struct findings *);

#endif
