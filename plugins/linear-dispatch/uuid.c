/* SPDX-License-Identifier: BSD-2-Clause */
/* UUIDs of idempotency keys. */
#include "uuid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS = 32 };

static const char hex[] = "0123456789abcdef";

int
uuid_of_key(const char *key, size_t len, char out[UUID_SIZE])
{
	static const char variants[] = "89ab";
	size_t n = 0;

	for (size_t i = 0; i < DIGITS; i++) {
		const char *digit = i < len && key[i] != '\0' ? strchr(hex, key[i]) : NULL;
		char c;

		if (digit == NULL)
			return EINVAL;
		c = *digit;
		if (i == 8 || i == 12 || i == 16 || i == 20)
			out[n++] = '-';
		if (i == 12)
			c = '4';
		else if (i == 16)
			c = variants[(digit - hex) & 3];
		out[n++] = c;
	}
	out[n] = '\0';
	return 0;
}

int
uuid_of_part(const char *key, size_t n, char out[UUID_SIZE])
{
	char digits[DIGITS + 1];

	if (n >= UUID_PARTS_MAX || strspn(key, hex) < 2 * DIGITS)
		return EINVAL;
	snprintf(digits, sizeof(digits), "%.30s%02x", key + DIGITS, (unsigned)n);
	return uuid_of_key(digits, DIGITS, out);
}
