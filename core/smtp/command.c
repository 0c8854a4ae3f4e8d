/* SPDX-License-Identifier: BSD-2-Clause */
/* One command line into verb and arguments; commands and states. */
#include "smtp/command.h"

#include "base/utf8.h"

enum { SIZE_DIGITS_MAX = 19 };	/* RFC 1870 says 20; 19 cannot overflow */

typedef enum reply_id (*parse_fn)(struct mt_span argument, struct command *);

static enum reply_id parse_none(struct mt_span, struct command *);
static enum reply_id parse_any(struct mt_span, struct command *);
static enum reply_id parse_some(struct mt_span, struct command *);
static enum reply_id parse_hello(struct mt_span, struct command *);
static enum reply_id parse_mail(struct mt_span, struct command *);
static enum reply_id parse_rcpt(struct mt_span, struct command *);

static const struct {
	const char *name;
	size_t line_max;
	parse_fn parse;
} verbs[COMMAND_VERBS] = {
	[COMMAND_EHLO] = { "EHLO", COMMAND_LINE_MAX, parse_hello },
	[COMMAND_HELO] = { "HELO", COMMAND_LINE_MAX, parse_hello },
	[COMMAND_LHLO] = { "LHLO", COMMAND_LINE_MAX, parse_hello },
	[COMMAND_STARTTLS] = { "STARTTLS", COMMAND_LINE_MAX, parse_none },
	[COMMAND_MAIL] = { "MAIL", COMMAND_LINE_PARAMETERS_MAX, parse_mail },
	[COMMAND_RCPT] = { "RCPT", COMMAND_LINE_PARAMETERS_MAX, parse_rcpt },
	[COMMAND_DATA] = { "DATA", COMMAND_LINE_MAX, parse_none },
	[COMMAND_RSET] = { "RSET", COMMAND_LINE_MAX, parse_none },
	[COMMAND_NOOP] = { "NOOP", COMMAND_LINE_MAX, parse_any },
	[COMMAND_QUIT] = { "QUIT", COMMAND_LINE_MAX, parse_none },
	[COMMAND_VRFY] = { "VRFY", COMMAND_LINE_MAX, parse_some },
	[COMMAND_HELP] = { "HELP", COMMAND_LINE_MAX, parse_any },
	[COMMAND_EXPN] = { "EXPN", COMMAND_LINE_MAX, parse_any },
	[COMMAND_BDAT] = { "BDAT", COMMAND_LINE_MAX, parse_any },
	[COMMAND_AUTH] = { "AUTH", COMMAND_LINE_MAX, parse_any },
	[COMMAND_XCLIENT] = { "XCLIENT", COMMAND_LINE_MAX, parse_any },
	[COMMAND_XFORWARD] = { "XFORWARD", COMMAND_LINE_MAX, parse_any },
	[COMMAND_UNKNOWN] = { "", COMMAND_LINE_MAX, parse_any },
};

/* REPLY_NONE: go on.  Columns: gated, greeted, ready, sender, recipient. */
#define SAME(r) { r, r, r, r, r }
#define GATE REPLY_TLS_REQUIRED
static const enum reply_id allowed[COMMAND_VERBS][COMMAND_STATES] = {
	[COMMAND_EHLO] = SAME(REPLY_NONE),
	[COMMAND_LHLO] = SAME(REPLY_NONE),
	[COMMAND_HELO] = { GATE, REPLY_NONE, REPLY_NONE, REPLY_NONE, REPLY_NONE },
	[COMMAND_STARTTLS] = { REPLY_NONE, REPLY_NONE, REPLY_NONE, REPLY_TLS_BUSY,
	    REPLY_TLS_BUSY },
	[COMMAND_MAIL] = { GATE, REPLY_NO_EHLO, REPLY_NONE, REPLY_NESTED, REPLY_NESTED },
	[COMMAND_RCPT] = { GATE, REPLY_NO_EHLO, REPLY_NO_SENDER, REPLY_NONE, REPLY_NONE },
	[COMMAND_DATA] = { GATE, REPLY_NO_EHLO, REPLY_NO_SENDER, REPLY_NO_RECIPIENT,
	    REPLY_NONE },
	[COMMAND_RSET] = { GATE, REPLY_NONE, REPLY_NONE, REPLY_NONE, REPLY_NONE },
	[COMMAND_NOOP] = SAME(REPLY_NONE),
	[COMMAND_QUIT] = SAME(REPLY_NONE),
	[COMMAND_VRFY] = { GATE, REPLY_NONE, REPLY_NONE, REPLY_NONE, REPLY_NONE },
	[COMMAND_HELP] = { GATE, REPLY_NONE, REPLY_NONE, REPLY_NONE, REPLY_NONE },
	[COMMAND_EXPN] = { GATE, REPLY_NOT_OFFERED, REPLY_NOT_OFFERED,
	    REPLY_NOT_OFFERED, REPLY_NOT_OFFERED },
	[COMMAND_BDAT] = { GATE, REPLY_NOT_OFFERED, REPLY_NOT_OFFERED,
	    REPLY_NOT_OFFERED, REPLY_NOT_OFFERED },
	[COMMAND_AUTH] = { GATE, REPLY_NOT_OFFERED, REPLY_NOT_OFFERED,
	    REPLY_NOT_OFFERED, REPLY_NOT_OFFERED },
	[COMMAND_XCLIENT] = { GATE, REPLY_NONE, REPLY_NONE, REPLY_NONE, REPLY_NONE },
	[COMMAND_XFORWARD] = { GATE, REPLY_NONE, REPLY_NONE, REPLY_NONE, REPLY_NONE },
	[COMMAND_UNKNOWN] = { GATE, REPLY_UNKNOWN, REPLY_UNKNOWN, REPLY_UNKNOWN,
	    REPLY_UNKNOWN },
};

static struct mt_span
skip(struct mt_span s, size_t n)
{
	return span_make(s.ptr + n, s.len - n);
}

static struct mt_span
trim_end(struct mt_span s)
{
	while (s.len > 0 && s.ptr[s.len - 1] == ' ')
		s.len--;
	return s;
}

/* Up to the next space. */
static struct mt_span
word(struct mt_span s)
{
	const char *space = s.len == 0 ? NULL : memchr(s.ptr, ' ', s.len);

	return span_make(s.ptr, space == NULL ? s.len : (size_t)(space - s.ptr));
}

static bool
is_printable(struct mt_span s, bool utf8)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c < 0x20 || c == 0x7f || (c > 0x7f && !utf8))
			return false;
	}
	return utf8_is_valid(s);
}

static enum reply_id
parse_none(struct mt_span argument, struct command *out)
{
	(void)out;
	return argument.len == 0 ? REPLY_NONE : REPLY_ARGUMENT;
}

static enum reply_id
parse_any(struct mt_span argument, struct command *out)
{
	(void)argument;
	(void)out;
	return REPLY_NONE;
}

/* VRFY: RFC 6531 section 3.7.4.2 gives it the parameter, too. */
static enum reply_id
parse_some(struct mt_span argument, struct command *out)
{
	static const char parameter[] = " SMTPUTF8";
	enum { PARAMETER = sizeof(parameter) - 1 };

	out->utf8 = argument.len > PARAMETER && span_is_nocase(
	    skip(argument, argument.len - PARAMETER), parameter);
	if (argument.len == 0)
		return REPLY_NO_ARGUMENT;
	return out->utf8 || utf8_is_ascii(argument) ? REPLY_NONE : REPLY_UTF8_RECIPIENT;
}

static enum reply_id
parse_hello(struct mt_span argument, struct command *out)
{
	out->domain = argument;
	return address_is_domain(argument) || address_is_literal(argument) ?
	    REPLY_NONE : REPLY_DOMAIN;
}

/* "FROM:<path>": the path, and what follows it.  No space after the colon:
 * RFC 5321 section 3.3. */
static enum address_error
parse_path(struct mt_span argument, const char *keyword, struct address *out,
    struct mt_span *rest)
{
	size_t length = strlen(keyword), used;
	enum address_error error;

	if (argument.len < length ||
	    !span_is_nocase(span_make(argument.ptr, length), keyword))
		return ADDRESS_SYNTAX;
	*rest = skip(argument, length);
	error = address_parse(*rest, out, &used);
	if (error != ADDRESS_OK)
		return error;
	*rest = skip(*rest, used);
	return rest->len > 0 && rest->ptr[0] != ' ' ? ADDRESS_SYNTAX : ADDRESS_OK;
}

static enum reply_id
parameter_size(struct mt_span value, struct command *out)
{
	if (value.len == 0 || value.len > SIZE_DIGITS_MAX)
		return REPLY_PARAMETER_TWICE;
	out->size = 0;
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return REPLY_PARAMETER_TWICE;
		out->size = out->size * 10 + (uint64_t)(value.ptr[i] - '0');
	}
	return REPLY_NONE;
}

static enum reply_id
parameter_body(struct mt_span value, struct command *out)
{
	out->body_8bit = span_is_nocase(value, "8BITMIME");
	return out->body_8bit || span_is_nocase(value, "7BIT") ? REPLY_NONE :
	    REPLY_PARAMETER_TWICE;
}

static enum reply_id
parameter_utf8(struct mt_span value, struct command *out)
{
	out->utf8 = value.len == 0;
	return out->utf8 ? REPLY_NONE : REPLY_PARAMETER_TWICE;
}

static const struct {
	const char *keyword;
	enum reply_id (*parse)(struct mt_span, struct command *);	/* behind '=' */
} mail_parameters[] = {
	{ "SIZE", parameter_size },
	{ "BODY", parameter_body },
	{ "SMTPUTF8", parameter_utf8 },
};
enum { MAIL_PARAMETERS = sizeof(mail_parameters) / sizeof(mail_parameters[0]) };

static enum reply_id
mail_parameter(struct mt_span parameter, struct command *out, unsigned *given)
{
	const char *equals = parameter.len == 0 ? NULL :
	    memchr(parameter.ptr, '=', parameter.len);
	size_t length = equals == NULL ? parameter.len : (size_t)(equals - parameter.ptr);
	struct mt_span value = skip(parameter, length + (equals != NULL));

	if (equals != NULL && value.len == 0)
		return REPLY_PARAMETER_TWICE;
	for (unsigned i = 0; i < MAIL_PARAMETERS; i++) {
		if (!span_is_nocase(span_make(parameter.ptr, length), mail_parameters[i].keyword))
			continue;
		if ((*given & 1u << i) != 0)
			return REPLY_PARAMETER_TWICE;
		*given |= 1u << i;
		return mail_parameters[i].parse(value, out);
	}
	return REPLY_PARAMETER;
}

static enum reply_id
parse_mail(struct mt_span argument, struct command *out)
{
	struct mt_span rest;
	unsigned given = 0;

	if (parse_path(argument, "FROM:", &out->address, &rest) != ADDRESS_OK ||
	    out->address.kind == ADDRESS_POSTMASTER)
		return REPLY_SENDER;
	while (rest.len > 0) {
		struct mt_span parameter = word(skip(rest, 1));
		enum reply_id error = mail_parameter(parameter, out, &given);

		if (error != REPLY_NONE)
			return error;
		rest = skip(rest, 1 + parameter.len);
	}
	return out->address.utf8 && !out->utf8 ? REPLY_UTF8_SENDER : REPLY_NONE;
}

static enum reply_id
parse_rcpt(struct mt_span argument, struct command *out)
{
	struct mt_span rest;

	if (parse_path(argument, "TO:", &out->address, &rest) != ADDRESS_OK ||
	    out->address.kind == ADDRESS_NULL)
		return REPLY_RECIPIENT;
	return rest.len > 0 ? REPLY_PARAMETER : REPLY_NONE;
}

static bool
is_spoken(enum command_verb verb, enum protocol protocol)
{
	if (verb == COMMAND_EHLO || verb == COMMAND_HELO)
		return protocol != PROTOCOL_LMTP;
	return verb != COMMAND_LHLO || protocol == PROTOCOL_LMTP;
}

enum command_verb
command_verb(struct mt_span line, enum protocol protocol)
{
	struct mt_span name = word(line);

	for (int v = 0; v < COMMAND_UNKNOWN; v++)
		if (span_is_nocase(name, verbs[v].name) &&
		    is_spoken((enum command_verb)v, protocol))
			return (enum command_verb)v;
	return COMMAND_UNKNOWN;
}

enum reply_id
command_allowed(enum command_verb verb, enum command_state state)
{
	return allowed[verb][state];
}

enum reply_id
command_parse(struct mt_span line, enum command_verb verb, struct command *out)
{
	struct mt_span argument;

	*out = (struct command){ .verb = verb };
	if (line.len + 2 > verbs[verb].line_max)
		return REPLY_LONG;
	if (!is_printable(line, verb == COMMAND_MAIL || verb == COMMAND_RCPT ||
	    verb == COMMAND_VRFY))
		return REPLY_BYTES;
	argument = skip(line, word(line).len);
	if (argument.len > 0)
		argument = trim_end(skip(argument, 1));
	out->argument = argument;
	return verbs[verb].parse(argument, out);
}
