/* SPDX-License-Identifier: BSD-2-Clause */
/* Domain names through libidn2. */
#include "base/idna.h"

#include <errno.h>
#include <idn2.h>
#include <stdio.h>

#include "base/utf8.h"

enum { NAME_MAX_BYTES = 4 * IDNA_ASCII_MAX };

int
idna_to_ascii(struct mt_span name, char out[IDNA_ASCII_MAX + 1])
{
	char text[NAME_MAX_BYTES + 1], *made = NULL;
	int length;

	if (name.len == 0 || name.len > NAME_MAX_BYTES ||
	    memchr(name.ptr, '\0', name.len) != NULL || !utf8_is_valid(name))
		return EINVAL;
	memcpy(text, name.ptr, name.len);
	text[name.len] = '\0';
	if (utf8_is_ascii(name))
		length = snprintf(out, IDNA_ASCII_MAX + 1, "%s", text);
	else if (idn2_to_ascii_8z(text, &made, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return EINVAL;
	else
		length = snprintf(out, IDNA_ASCII_MAX + 1, "%s", made);
	idn2_free(made);
	return length > IDNA_ASCII_MAX ? EINVAL : 0;
}
