/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses, logins and data that may go out by SMTP. */
#include "mail/outgoing.h"

bool
outgoing_is_address(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] <= 0x20 || (unsigned char)s.ptr[i] >= 0x7f ||
		    s.ptr[i] == '<' || s.ptr[i] == '>')
			return false;
	return s.len > 0 && s.len <= OUTGOING_ADDRESS_MAX && memchr(s.ptr, '@', s.len) != NULL;
}

bool
outgoing_is_login(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
			return false;
	return s.len > 0 && s.len <= OUTGOING_LOGIN_MAX;
}

bool
outgoing_is_data(struct mt_span s)
{
	if (s.len < 2 || s.len > OUTGOING_DATA_MAX || s.ptr[s.len - 1] != '\n')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '\0' || (s.ptr[i] == '\n' && (i == 0 || s.ptr[i - 1] != '\r')) ||
		    (s.ptr[i] == '\r' && s.ptr[i + 1] != '\n'))
			return false;
	return true;
}
