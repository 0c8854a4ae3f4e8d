/* SPDX-License-Identifier: BSD-2-Clause */
/* Pins of public keys: what is one, and whether one is among them. */
#include "base/pin.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

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

const char *
pins_wrong(const char *const *list, size_t count, size_t *which)
{
	*which = 0;
	if (count == 1 && strcmp(list[0], "none") == 0)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (!pin_is_valid(list[*which = i]))
			return "is no pin: it must be sha256// and the base64 of 32 bytes";
	for (size_t i = 1; i < count; i++)
		if (strcmp(list[i], list[*which = 0]) != 0)
			return count > PINS_MAX ? "is one of too many: 16 at most" : NULL;
	return "stands alone: a second pin is wanted, of an authority above the server or of "
	    "its next key, or \"none\" instead of both";
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

bool
pins_have(const struct buf *pins, const char *pin)
{
	for (size_t at = 0; at + sizeof(prefix) - 1 + DIGEST_CHARS <= pins->len;
	    at += sizeof(prefix) - 1 + DIGEST_CHARS + 1)
		if (strncmp((const char *)pins->p + at, pin, sizeof(prefix) - 1 + DIGEST_CHARS) == 0)
			return true;
	return false;
}
