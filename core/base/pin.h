/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pins: the public keys a server's certificate chain must have one of (as in
 * RFC 7469), each "sha256//" and the base64 of the SHA-256 of a
 * SubjectPublicKeyInfo.  None at all is refused, and so is one alone: the day
 * the server changes that key, nothing would be delivered.  Who wants any key
 * that an authority vouches for writes "none".
 */
#ifndef MAILTRI_BASE_PIN_H
#define MAILTRI_BASE_PIN_H

#include "base/buf.h"

enum { PINS_MAX = 16 };

bool pin_is_valid(const char *);
/* NULL, or what is wrong with a list of at least one, to be said of the one
 * that stands at *which. */
const char *pins_wrong(const char *const *list, size_t count, size_t *which);
/* One text of a NULL-terminated list; empty for "none".  0, or EINVAL: none
 * given, too many, or one that is no pin. */
int pins_format(const char *const *pins, struct buf *out);
/* Is it in what pins_format() made? */
bool pins_have(const struct buf *pins, const char *pin);

#endif
