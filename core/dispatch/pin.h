/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pins: the public keys a server may have, each "sha256//" and the base64 of
 * the SHA-256 of its SubjectPublicKeyInfo.  No pin at all is refused, since
 * libcurl would take it for "any key"; who wants that writes "none".
 */
#ifndef MAILTRI_DISPATCH_PIN_H
#define MAILTRI_DISPATCH_PIN_H

#include "base/buf.h"

enum { PINS_MAX = 16 };

bool pin_is_valid(const char *);
/* As libcurl wants them, "A;B", NUL-terminated; empty for "none".  0, or
 * EINVAL: none given, too many, or one that is no pin. */
int pins_format(const char *const *pins, struct buf *out);

#endif
