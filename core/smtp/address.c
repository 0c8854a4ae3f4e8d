/* SPDX-License-Identifier: BSD-2-Clause */
/* The path grammar of RFC 5321 section 4.1.2 and RFC 6531 section 3.3, strictly. */
#include "smtp/address.h"

#include <arpa/inet.h>

#include "base/idna.h"
#include "base/utf8.h"

enum { LITERAL_MAX = 64 };	/* "[IPv6:" and 45 bytes and "]" */

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

/* Of UTF-8 every byte: address_parse() looks at the whole. */
static bool
is_atext(char c)
{
	return is_alnum(c) || (unsigned char)c >= 0x80 || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* One label without its dots; *numeric: digits only. */
static bool
label_is_valid(struct mt_span label, bool *numeric)
{
	*numeric = true;
	if (label.len == 0 || label.len > ADDRESS_LABEL_MAX ||
	    label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		if (!is_alnum(label.ptr[i]) && label.ptr[i] != '-')
			return false;
		if (label.ptr[i] < '0' || label.ptr[i] > '9')
			*numeric = false;
	}
	return true;
}

bool
address_is_domain(struct mt_span domain)
{
	bool numeric = true;
	size_t start = 0;

	if (domain.len == 0 || domain.len > ADDRESS_DOMAIN_MAX)
		return false;
	for (size_t i = 0; i <= domain.len; i++) {
		if (i < domain.len && domain.ptr[i] != '.')
			continue;
		if (!label_is_valid(span_make(domain.ptr + start, i - start), &numeric))
			return false;
		start = i + 1;
	}
	return !numeric;	/* a numeric last label is an address, RFC 3696 2 */
}

bool
address_is_literal(struct mt_span in)
{
	static const char tag[] = "IPv6:";
	enum { TAG = sizeof(tag) - 1 };
	struct in6_addr address;
	char text[LITERAL_MAX];

	if (in.len < 3 || in.len >= sizeof(text) || in.ptr[0] != '[' ||
	    in.ptr[in.len - 1] != ']' || memchr(in.ptr, '\0', in.len) != NULL)
		return false;
	memcpy(text, in.ptr + 1, in.len - 2);
	text[in.len - 2] = '\0';
	if (strncasecmp(text, tag, TAG) == 0)
		return inet_pton(AF_INET6, text + TAG, &address) == 1;
	return inet_pton(AF_INET, text, &address) == 1;
}

/* Length of the dot-string at the head; 0: none. */
static size_t
dot_string(struct mt_span in)
{
	size_t i = 0;

	for (;;) {
		size_t start = i;

		while (i < in.len && is_atext(in.ptr[i]))
			i++;
		if (i == start)
			return 0;
		if (i == in.len || in.ptr[i] != '.')
			return i;
		i++;
	}
}

/* Length of the quoted string at the head, quotes included; 0: none. */
static size_t
quoted_string(struct mt_span in)
{
	for (size_t i = 1; i < in.len; i++) {
		if (in.ptr[i] == '"')
			return i + 1;
		if (in.ptr[i] == '\\')
			i++;
		if (i == in.len || (unsigned char)in.ptr[i] < 0x20 || in.ptr[i] == 0x7f)
			return 0;
	}
	return 0;
}

static size_t
local_part(struct mt_span in)
{
	if (in.len > 0 && in.ptr[0] == '"')
		return quoted_string(in);
	return dot_string(in);
}

/* A domain with U-labels has to be one with A-labels, and the whole address
 * still within its limit. */
static enum address_error
international(const struct address *a)
{
	char domain[IDNA_ASCII_MAX + 1];

	if (idna_to_ascii(a->domain, domain) != 0 || !address_is_domain(span_of(domain)))
		return ADDRESS_DOMAIN;
	return a->local.len + 1 + strlen(domain) + 2 > ADDRESS_PATH_MAX ? ADDRESS_LONG :
	    ADDRESS_OK;
}

static enum address_error
mailbox_parse(struct mt_span in, struct address *out)
{
	size_t local = local_part(in);

	if (local == 0)
		return ADDRESS_LOCAL;
	if (local == in.len && span_is_nocase(in, "postmaster")) {
		*out = (struct address){ .kind = ADDRESS_POSTMASTER, .mailbox = in,
			.local = in, .domain = { in.ptr, 0 } };
		return ADDRESS_OK;
	}
	if (local == in.len || in.ptr[local] != '@')
		return local == in.len ? ADDRESS_SYNTAX : ADDRESS_LOCAL;
	if (local > ADDRESS_LOCAL_MAX)
		return ADDRESS_LONG;
	*out = (struct address){ .kind = ADDRESS_MAILBOX, .mailbox = in,
		.local = { in.ptr, local },
		.domain = { in.ptr + local + 1, in.len - local - 1 } };
	out->utf8 = !utf8_is_ascii(in);
	if (out->utf8 && !utf8_is_ascii(out->domain))
		return international(out);
	if (address_is_domain(out->domain))
		return ADDRESS_OK;
	out->kind = ADDRESS_LITERAL;
	return address_is_literal(out->domain) ? ADDRESS_OK : ADDRESS_DOMAIN;
}

/* Where the path ends: the first '>' outside of quotes; 0: nowhere. */
static size_t
path_length(struct mt_span in)
{
	bool quoted = false;

	for (size_t i = 1; i < in.len; i++) {
		if (quoted && in.ptr[i] == '\\')
			i++;
		else if (in.ptr[i] == '"')
			quoted = !quoted;
		else if (in.ptr[i] == '>' && !quoted)
			return i + 1;
	}
	return 0;
}

enum address_error
address_parse(struct mt_span in, struct address *out, size_t *used)
{
	size_t length;

	*out = (struct address){ .mailbox = { "", 0 }, .local = { "", 0 },
		.domain = { "", 0 } };
	*used = 0;
	if (in.len == 0 || in.ptr[0] != '<' || (length = path_length(in)) == 0)
		return ADDRESS_SYNTAX;
	if (length > ADDRESS_PATH_MAX)
		return ADDRESS_LONG;
	*used = length;
	if (length == 2)
		return ADDRESS_OK;
	if (!utf8_is_text(span_make(in.ptr, length)))
		return ADDRESS_LOCAL;
	if (in.ptr[1] == '@')
		return ADDRESS_ROUTE;
	return mailbox_parse(span_make(in.ptr + 1, length - 2), out);
}

struct mt_span
address_canonical(const struct address *a, char out[ADDRESS_PATH_MAX])
{
	char domain[IDNA_ASCII_MAX + 1];
	size_t length;

	if (!a->utf8 || utf8_is_ascii(a->domain) || idna_to_ascii(a->domain, domain) != 0)
		return a->mailbox;
	length = a->local.len + 1 + strlen(domain);
	memcpy(out, a->local.ptr, a->local.len);
	out[a->local.len] = '@';
	memcpy(out + a->local.len + 1, domain, strlen(domain));
	return span_make(out, length);
}
