/* SPDX-License-Identifier: BSD-2-Clause */
/* Attributes of XCLIENT and XFORWARD. */
#include "smtp/forward.h"

#include <arpa/inet.h>

#include "smtp/address.h"

typedef bool (*take_fn)(struct mt_span value, struct forward *);

static bool take_name(struct mt_span, struct forward *);
static bool take_address(struct mt_span, struct forward *);
static bool take_port(struct mt_span, struct forward *);
static bool take_protocol(struct mt_span, struct forward *);
static bool take_helo(struct mt_span, struct forward *);
static bool take_any(struct mt_span, struct forward *);

enum { BOTH = FORWARD_XCLIENT | FORWARD_XFORWARD };

static const struct {
	const char *name;
	unsigned commands;
	size_t max;
	take_fn take;
} attributes[FORWARD_ATTRIBUTES] = {
	[FORWARD_NAME] = { "NAME", BOTH, FORWARD_NAME_MAX, take_name },
	[FORWARD_ADDR] = { "ADDR", BOTH, FORWARD_WORD_MAX, take_address },
	[FORWARD_PORT] = { "PORT", BOTH, FORWARD_WORD_MAX, take_port },
	[FORWARD_PROTO] = { "PROTO", BOTH, FORWARD_WORD_MAX, take_protocol },
	[FORWARD_HELO] = { "HELO", BOTH, FORWARD_NAME_MAX, take_helo },
	[FORWARD_LOGIN] = { "LOGIN", FORWARD_XCLIENT, FORWARD_NAME_MAX, take_any },
	[FORWARD_DESTADDR] = { "DESTADDR", FORWARD_XCLIENT, FORWARD_WORD_MAX, take_any },
	[FORWARD_DESTPORT] = { "DESTPORT", FORWARD_XCLIENT, FORWARD_WORD_MAX, take_any },
	[FORWARD_IDENT] = { "IDENT", FORWARD_XFORWARD, FORWARD_WORD_MAX, take_any },
	[FORWARD_SOURCE] = { "SOURCE", FORWARD_XFORWARD, FORWARD_WORD_MAX, take_any },
};

static bool
is_unavailable(struct mt_span value)
{
	return value.len == 0 || span_is_nocase(value, "[UNAVAILABLE]") ||
	    span_is_nocase(value, "[TEMPUNAVAIL]");
}

static bool
take_name(struct mt_span value, struct forward *f)
{
	text_set(&f->name, address_is_domain(value) ? value : SPAN(""));
	return true;
}

static bool
take_address(struct mt_span value, struct forward *f)
{
	static const char tag[] = "IPV6:";
	enum { TAG = sizeof(tag) - 1 };
	char text[FORWARD_WORD_MAX + 1], canonical[INET6_ADDRSTRLEN];
	unsigned char bytes[16];
	bool six = value.len > TAG && span_is_nocase(span_make(value.ptr, TAG), tag);
	const char *digits = six ? text + TAG : text;
	int family = six ? AF_INET6 : AF_INET;

	f->address.len = 0;
	if (is_unavailable(value))
		return true;
	memcpy(text, value.ptr, value.len);
	text[value.len] = '\0';
	if (inet_pton(family, digits, bytes) != 1)
		return false;
	if (six && IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)bytes))
		inet_ntop(AF_INET, bytes + 12, canonical, sizeof(canonical));
	else
		inet_ntop(family, bytes, canonical, sizeof(canonical));
	text_set(&f->address, span_of(canonical));
	return true;
}

static bool
take_port(struct mt_span value, struct forward *f)
{
	unsigned n = 0;

	f->port = 0;
	if (is_unavailable(value))
		return true;
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return false;
		n = n * 10 + (unsigned)(value.ptr[i] - '0');
		if (n > UINT16_MAX)
			return false;
	}
	f->port = (uint16_t)n;
	return true;
}

static bool
take_protocol(struct mt_span value, struct forward *f)
{
	f->plain = span_is_nocase(value, "SMTP");
	return true;
}

/* A client may have said anything to an upstream that does not mind. */
static bool
take_helo(struct mt_span value, struct forward *f)
{
	text_set(&f->helo, address_is_domain(value) || address_is_literal(value) ?
	    value : SPAN(""));
	return true;
}

static bool
take_any(struct mt_span value, struct forward *f)
{
	(void)value;
	(void)f;
	return true;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c & ~0x20);
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "+2B" is a plus (RFC 3461 section 4).  False: not xtext, beyond `max', or
 * a byte that is not printable ASCII came out. */
static bool
xtext_decode(struct mt_span in, size_t max, struct text *out)
{
	out->len = 0;
	for (size_t i = 0; i < in.len; i++) {
		int c = (unsigned char)in.ptr[i];

		if (c == '+') {
			if (in.len - i < 3 || hex(in.ptr[i + 1]) < 0 || hex(in.ptr[i + 2]) < 0)
				return false;
			c = hex(in.ptr[i + 1]) << 4 | hex(in.ptr[i + 2]);
			i += 2;
		}
		if (c < 0x20 || c > 0x7e || out->len == max)
			return false;
		out->bytes[out->len++] = (char)c;
	}
	return true;
}

static int
attribute_find(struct mt_span name, enum forward_command command)
{
	for (int i = 0; i < FORWARD_ATTRIBUTES; i++)
		if ((attributes[i].commands & command) != 0 &&
		    span_is_nocase(name, attributes[i].name))
			return i;
	return -1;
}

static enum reply_id
take(struct mt_span word, enum forward_command command, struct forward *f)
{
	const char *equals = memchr(word.ptr, '=', word.len);
	struct text value;
	struct mt_span coded;
	size_t length;
	int i;

	if (equals == NULL)
		return REPLY_FORWARD;
	length = (size_t)(equals - word.ptr);
	coded = span_make(equals + 1, word.len - length - 1);
	i = attribute_find(span_make(word.ptr, length), command);
	if (i < 0 || !xtext_decode(coded, attributes[i].max, &value))
		return REPLY_FORWARD;
	if (forward_has(f, (enum forward_attribute)i))
		return REPLY_FORWARD_TWICE;
	if (!attributes[i].take(text_span(&value), f))
		return REPLY_FORWARD;
	f->given |= 1u << i;
	return REPLY_NONE;
}

enum reply_id
forward_parse(struct mt_span argument, enum forward_command command, struct forward *f)
{
	struct forward next = *f;

	if (argument.len == 0)
		return REPLY_NO_ARGUMENT;
	while (argument.len > 0) {
		const char *space = memchr(argument.ptr, ' ', argument.len);
		size_t length = space == NULL ? argument.len : (size_t)(space - argument.ptr);
		enum reply_id id = length == 0 ? REPLY_NONE :
		    take(span_make(argument.ptr, length), command, &next);

		if (id != REPLY_NONE)
			return id;
		length += space != NULL;
		argument = span_make(argument.ptr + length, argument.len - length);
	}
	*f = next;
	return REPLY_NONE;
}

void
forward_offer(enum forward_command command, struct buf *out)
{
	for (int i = 0; i < FORWARD_ATTRIBUTES; i++)
		if ((attributes[i].commands & command) != 0)
			buf_printf(out, " %s", attributes[i].name);
}
