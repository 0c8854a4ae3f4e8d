/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses, character by character. */
#include "mailbox.h"

#include <string.h>
#include <strings.h>

int
mailbox_is_plain(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] <= 0x20 || (unsigned char)s.ptr[i] >= 0x7f ||
		    s.ptr[i] == '<' || s.ptr[i] == '>')
			return 0;
	return s.len <= MAILBOX_MAX && s.len > 2 && memchr(s.ptr + 1, '@', s.len - 2) != NULL;
}

/* What cannot stand next to an address without being a part of it. */
static int
is_apart(char c)
{
	return c == '\0' || strchr(" \t\r\n<>,;:()", c) != NULL;
}

int
mailbox_is_named(struct mt_span s, struct mt_span address)
{
	for (size_t at = 0; address.len > 0 && at + address.len <= s.len; at++)
		if (strncasecmp(s.ptr + at, address.ptr, address.len) == 0 &&
		    (at == 0 || is_apart(s.ptr[at - 1])) &&
		    (at + address.len == s.len || is_apart(s.ptr[at + address.len])))
			return 1;
	return 0;
}
