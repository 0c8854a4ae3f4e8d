/* SPDX-License-Identifier: BSD-2-Clause */
/* Internationalised domain names (RFC 5890): one form to decide by. */
#ifndef MAILTRI_BASE_IDNA_H
#define MAILTRI_BASE_IDNA_H

#include "base/span.h"

enum { IDNA_ASCII_MAX = 253 };	/* bytes of a name in A-labels */

/* The name in A-labels: UTF-8 mapped, normalised and encoded as UTS 46 and
 * IDNA 2008 say; ASCII as it is.  Only that it fits is known of the result,
 * not that it is a host name.  0 or EINVAL. */
int idna_to_ascii(struct mt_span name, char out[IDNA_ASCII_MAX + 1]);

#endif
