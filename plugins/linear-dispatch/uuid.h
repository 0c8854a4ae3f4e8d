/* SPDX-License-Identifier: BSD-2-Clause */
/* Ids that are the same at every attempt: v4-shaped UUIDs made of the
 * idempotency key (64 hex digits of an HMAC). */
#ifndef LINEAR_UUID_H
#define LINEAR_UUID_H

#include <stddef.h>

enum { UUID_SIZE = 37, UUID_PARTS_MAX = 256 };

/* Of the issue or comment a message becomes.  EINVAL: too few hex digits. */
int uuid_of_key(const char *key, size_t len, char out[UUID_SIZE]);
/* Of the n-th thing beside it: from the key's other half. */
int uuid_of_part(const char *key, size_t n, char out[UUID_SIZE]);

#endif
