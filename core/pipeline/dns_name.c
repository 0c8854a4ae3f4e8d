/* SPDX-License-Identifier: BSD-2-Clause */
/* Domain names. */
#include "pipeline/dns_name.h"

#include <errno.h>
#include <stdio.h>

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int
dns_name_parse(struct mt_span in, struct dns_name *out)
{
	size_t label = 0;

	out->len = 0;
	if (in.len > 0 && in.ptr[in.len - 1] == '.')
		in.len--;
	if (in.len == 0 || in.len > DNS_NAME_MAX)
		return EINVAL;
	for (size_t i = 0; i < in.len; i++) {
		bool dot = in.ptr[i] == '.';

		if ((dot && label == 0) || (!dot && label == DNS_LABEL_MAX))
			return EINVAL;
		label = dot ? 0 : label + 1;
		out->text[i] = lower(in.ptr[i]);
	}
	if (label == 0)
		return EINVAL;
	out->text[in.len] = '\0';
	out->len = (uint8_t)in.len;
	return 0;
}

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

void
dns_name_escape(const struct dns_name *n, char out[DNS_TEXT_MAX])
{
	size_t at = 0;

	for (size_t i = 0; i < n->len; i++) {
		if (is_plain(n->text[i]))
			out[at++] = n->text[i];
		else
			at += (size_t)snprintf(out + at, 5, "\\%03u",
			    (unsigned char)n->text[i]);
	}
	out[at] = '\0';
}

int
dns_name_unpack(struct mt_span wire, struct buf *out, size_t *used)
{
	size_t at = 0;
	int error = 0;

	for (;;) {
		size_t len = at < wire.len ? (unsigned char)wire.ptr[at] : DNS_LABEL_MAX + 1;

		if (len > DNS_LABEL_MAX || len >= wire.len - at ||
		    at + len + 1 > DNS_WIRE_MAX - (len > 0))
			return EBADMSG;
		if (len == 0)
			break;
		if (at > 0)
			buf_add_char(out, '.');
		for (size_t i = 1; i <= len; i++) {
			char c = wire.ptr[at + i];

			if (c <= ' ' || c >= 127 || c == '.')
				error = EILSEQ;
			buf_add_char(out, lower(c));
		}
		at += len + 1;
	}
	*used = at + 1;
	return error;
}
