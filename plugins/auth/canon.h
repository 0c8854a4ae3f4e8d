/* SPDX-License-Identifier: BSD-2-Clause */
/* The canonical forms of RFC 6376 section 3.4, fed to a digest in one pass. */
#ifndef MAILTRI_AUTH_CANON_H
#define MAILTRI_AUTH_CANON_H

#include "hash.h"
#include "header.h"

/* A field without its final CRLF.  `skip', which may be empty, lies within it
 * and is left out: the value of b=. */
void canon_field(EVP_MD_CTX *, bool relaxed, const struct field *, struct mt_span skip);
void canon_body(EVP_MD_CTX *, bool relaxed, struct mt_span body);

#endif
