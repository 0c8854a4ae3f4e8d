/* SPDX-License-Identifier: BSD-2-Clause */
/* Pins of public keys, checked before libcurl sees them. */
#include "dispatch/pin.h"

#include <ctype.h>
#include <errno.h>

enum { DIGEST_CHARS = 44 };	/* 32 bytes in base64, one '=' at the end */

static const char prefix[] = "sha256//";

bool
pin_is_valid(const char *pin)
{
	const char *p = pin + sizeof(prefix) - 1;

	if (strncmp(pin, prefix, sizeof(prefix) - 1) != 0 || strlen(p) != DIGEST_CHARS)
		return false;
	for (size_t i = 0; i < DIGEST_CHARS - 1; i++)
		if (!isalnum((unsigned char)p[i]) && p[i] != '+' && p[i] != '/')
			return false;
	return p[DIGEST_CHARS - 1] == '=';
}

int
pins_format(const char *const *pins, struct buf *out)
{
	if (pins == NULL || pins[0] == NULL)
		return EINVAL;
	buf_reset(out);
	if (strcmp(pins[0], "none") == 0 && pins[1] == NULL) {
		buf_string(out);
		return 0;
	}
	for (size_t i = 0; pins[i] != NULL; i++) {
		if (i >= PINS_MAX || !pin_is_valid(pins[i]))
			return EINVAL;
		buf_printf(out, "%s%s", i == 0 ? "" : ";", pins[i]);
	}
	buf_string(out);
	return 0;
}
