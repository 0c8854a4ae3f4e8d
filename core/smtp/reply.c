/* SPDX-License-Identifier: BSD-2-Clause */
/* Replies: the table of fixed ones, and the only writer of reply lines. */
#include "smtp/reply.h"

#include "base/log.h"

enum { ENHANCED_MAX = 9 };	/* "5.123.123" */

static const struct reply replies[REPLY_COUNT] = {
	[REPLY_NONE] = { 451, "4.3.0", "host.bug: nothing to say" },
	[REPLY_OK] = { 250, "2.0.0", "ok" },
	[REPLY_SENDER_OK] = { 250, "2.1.0", "ok" },
	[REPLY_BYE] = { 221, "2.0.0", "bye" },
	[REPLY_VRFY] = { 252, "2.0.0", "send some mail, it will be judged" },
	[REPLY_HELP] = { 214, "2.0.0", "EHLO STARTTLS MAIL RCPT DATA RSET NOOP QUIT VRFY" },
	[REPLY_HELP_LMTP] = { 214, "2.0.0",
	    "LHLO STARTTLS MAIL RCPT DATA RSET NOOP QUIT VRFY" },
	[REPLY_DATA] = { 354, NULL, "end with <CR><LF>.<CR><LF>" },
	[REPLY_TLS_GO] = { 220, "2.0.0", "ready to start TLS" },

	[REPLY_UNKNOWN] = { 500, "5.5.2", "no such command" },
	[REPLY_LONG] = { 500, "5.5.2", "line too long" },
	[REPLY_BYTES] = { 500, "5.5.2", "a command is printable ASCII, an address UTF-8" },
	[REPLY_ARGUMENT] = { 501, "5.5.4", "this command takes no argument" },
	[REPLY_NO_ARGUMENT] = { 501, "5.5.4", "this command needs an argument" },
	[REPLY_PARAMETER] = { 555, "5.5.4", "parameter not known or not offered" },
	[REPLY_PARAMETER_TWICE] = { 501, "5.5.4", "parameter malformed or given twice" },
	[REPLY_NOT_OFFERED] = { 502, "5.5.1", "command not offered" },
	[REPLY_DOMAIN] = { 501, "5.5.4",
	    "name yourself by a domain name or an address literal" },
	[REPLY_SENDER] = { 501, "5.1.7", "sender address malformed" },
	[REPLY_RECIPIENT] = { 501, "5.1.3", "recipient address malformed" },
	[REPLY_UTF8_SENDER] = { 550, "5.6.7",	/* RFC 6531 section 3.5 */
	    "smtp.address.ascii: a sender beyond ASCII needs the parameter SMTPUTF8" },
	[REPLY_UTF8_RECIPIENT] = { 553, "5.6.7",
	    "smtp.address.ascii: a recipient beyond ASCII needs the parameter SMTPUTF8" },
	[REPLY_UTF8_HEADER] = { 550, "5.6.7",
	    "smtp.header.ascii: a header beyond ASCII needs the parameter SMTPUTF8" },
	[REPLY_HEADER] = { 550, "5.6.0", "smtp.header.bytes: the header is not UTF-8" },
	[REPLY_NO_EHLO] = { 503, "5.5.1", "EHLO first, or LHLO in LMTP" },
	[REPLY_NESTED] = { 503, "5.5.1", "a sender is already given" },
	[REPLY_NO_SENDER] = { 503, "5.5.1", "MAIL first" },
	[REPLY_NO_RECIPIENT] = { 554, "5.5.1", "no valid recipient" },
	[REPLY_NO_RECIPIENT_LMTP] = { 503, "5.5.1", "no valid recipient" },
	[REPLY_UPSTREAM] = { 550, "5.7.0",
	    "smtp.upstream: you may not speak for others" },
	[REPLY_FORWARD] = { 501, "5.5.4", "attribute unknown or malformed" },
	[REPLY_FORWARD_TWICE] = { 503, "5.5.1", "attribute already given" },
	[REPLY_FORWARD_BUSY] = { 503, "5.5.1", "not inside a mail transaction" },
	[REPLY_TLS_REQUIRED] = { 530, "5.7.0", "Must issue a STARTTLS command first" },
	[REPLY_TLS_TWICE] = { 503, "5.5.1", "TLS is already active" },
	[REPLY_TLS_BUSY] = { 503, "5.5.1", "not inside a mail transaction" },
	[REPLY_TLS_NONE] = { 454, "4.7.0", "TLS is not available now" },

	[REPLY_SECOND] = { 452, "4.5.3",
	    "smtp.rcpt.second: one intent address a mail, send the others again" },
	[REPLY_SIZE] = { 552, "5.3.4", "smtp.data.size: the message is too large" },
	[REPLY_INTAKE] = { 452, "4.3.1", "host.disk: no room for mail now" },
	[REPLY_BUSY] = { 452, "4.3.1", "host.busy: too much mail in hand, try later" },
	[REPLY_BARE] = { 550, "5.6.0",
	    "smtp.data.bare: CR or LF alone, or NUL; every line ends with CRLF" },
	[REPLY_LINE] = { 550, "5.6.0", "smtp.data.line: a line is over 998 bytes" },
	[REPLY_FAILED] = { 451, "4.3.0", "host.busy: could not be judged, try later" },

	[REPLY_EARLY] = { 554, "5.5.0", "smtp.early.banner: you spoke before the greeting" },
	[REPLY_EARLY_DATA] = { 554, "5.5.0", "smtp.early.data: you spoke before the 354" },
	[REPLY_EARLY_TLS] = { 554, "5.5.0",
	    "smtp.early.tls: you spoke between STARTTLS and TLS" },
	[REPLY_BARE_COMMAND] = { 554, "5.5.0",
	    "smtp.command.bare: a command ends with CRLF, nothing else" },
	[REPLY_ERRORS] = { 421, "4.7.0", "smtp.errors: too many errors" },
	[REPLY_TIMEOUT] = { 421, "4.4.2", "smtp.timeout: you took too long" },
	[REPLY_SLOW] = { 421, "4.4.2", "smtp.slow: the message came too slowly" },
	[REPLY_FULL] = { 421, "4.3.2", "smtp.full: too many connections, try later" },
	[REPLY_FULL_CLIENT] = { 421, "4.7.0",
	    "smtp.full.client: too many connections from your address" },
	[REPLY_SHUTDOWN] = { 421, "4.3.2", "smtp.shutdown: service is going down" },
	[REPLY_RELOADED] = { 421, "4.3.2", "smtp.reload: the configuration changed; "
	    "connect again" },
	[REPLY_TLS_FAILED] = { 421, "4.7.0",	/* recorded, never said in clear */
	    "smtp.tls.handshake: the TLS handshake failed" },
};

const struct reply *
reply_get(enum reply_id id)
{
	return &replies[id];
}

struct mt_span
reply_reason(enum reply_id id)
{
	const char *text = replies[id].text, *colon = strchr(text, ':');

	if (id == REPLY_TLS_REQUIRED)	/* its words are those of RFC 3207 */
		return SPAN("smtp.tls.required");
	return span_make(text, colon == NULL ? 0 : (size_t)(colon - text));
}

/* RFC 3463: class "." 1*3DIGIT "." 1*3DIGIT, of the code's class. */
static bool
enhanced_is_valid(struct mt_span s, unsigned code)
{
	int dots = 0, digits = 0;

	if (s.len < 5 || s.len > ENHANCED_MAX || s.ptr[0] != (char)('0' + code / 100))
		return false;
	for (size_t i = 1; i < s.len; i++) {
		if (s.ptr[i] == '.') {
			if (i > 1 && digits == 0)
				return false;
			dots++;
			digits = 0;
		} else if (s.ptr[i] < '0' || s.ptr[i] > '9' || dots == 0 || ++digits > 3)
			return false;
	}
	return dots == 2 && digits > 0;
}

static char
printable(char c)
{
	if (c == '\r' || c == '\n' || c == '\t')
		return ' ';
	return c < 0x20 || c > 0x7e ? '?' : c;
}

/* How much of the text stands on one line: up to the last space. */
static size_t
fold(struct mt_span text, size_t room)
{
	if (text.len <= room)
		return text.len;
	for (size_t i = room; i > room / 2; i--)
		if (text.ptr[i - 1] == ' ')
			return i;
	return room;
}

static void
add_lines(struct buf *b, unsigned code, struct mt_span enhanced, struct mt_span text)
{
	size_t room = REPLY_LINE_MAX - 2 - 4 - (enhanced.len > 0 ? enhanced.len + 1 : 0);

	if (text.len > REPLY_TEXT_MAX)
		text.len = REPLY_TEXT_MAX;
	do {
		size_t n = fold(text, room);

		buf_printf(b, "%u%c%.*s%s", code, n < text.len ? '-' : ' ',
		    (int)enhanced.len, enhanced.ptr, enhanced.len > 0 ? " " : "");
		for (size_t i = 0; i < n; i++)
			buf_add_char(b, printable(text.ptr[i]));
		buf_add_string(b, "\r\n");
		text = span_make(text.ptr + n, text.len - n);
	} while (text.len > 0);
}

void
reply_add(struct buf *b, enum reply_id id)
{
	const struct reply *r = &replies[id];

	if (id == REPLY_NONE)
		log_panic("a reply was not decided");
	add_lines(b, r->code, r->enhanced == NULL ? SPAN("") : span_of(r->enhanced),
	    span_of(r->text));
}

void
reply_add_text(struct buf *b, unsigned code, struct mt_span enhanced,
    struct mt_span text)
{
	char general[] = "X.0.0";

	if (code < 200 || code > 599)
		code = 451;
	general[0] = (char)('0' + code / 100);
	if (!enhanced_is_valid(enhanced, code))
		enhanced = span_of(general);
	if (text.len == 0)
		text = code < 400 ? SPAN("ok") : SPAN("refused");
	add_lines(b, code, code / 100 == 3 ? SPAN("") : enhanced, text);
}
