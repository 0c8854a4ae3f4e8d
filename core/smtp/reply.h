/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replies to the client.  One place writes them, so that nothing from
 * outside can add a line or a byte that is not printable ASCII, and no line
 * passes 512 bytes (RFC 5321 section 4.5.3.1.5).
 */
#ifndef MAILTRI_SMTP_REPLY_H
#define MAILTRI_SMTP_REPLY_H

#include <stdint.h>

#include "base/buf.h"

enum {
	REPLY_LINE_MAX = 512,	/* with CRLF */
	REPLY_TEXT_MAX = 1024	/* of one reply; the rest is cut */
};

/* The answers that are always the same.  Their words: reply.c. */
enum reply_id {
	REPLY_NONE,
	REPLY_OK, REPLY_SENDER_OK, REPLY_BYE, REPLY_VRFY, REPLY_HELP,
	REPLY_HELP_LMTP, REPLY_DATA, REPLY_TLS_GO,
	REPLY_UNKNOWN, REPLY_LONG, REPLY_BYTES, REPLY_ARGUMENT, REPLY_NO_ARGUMENT,
	REPLY_PARAMETER, REPLY_PARAMETER_TWICE, REPLY_NOT_OFFERED,
	REPLY_DOMAIN, REPLY_SENDER, REPLY_RECIPIENT,
	REPLY_UTF8_SENDER, REPLY_UTF8_RECIPIENT, REPLY_UTF8_HEADER, REPLY_HEADER,
	REPLY_NO_EHLO, REPLY_NESTED, REPLY_NO_SENDER, REPLY_NO_RECIPIENT,
	REPLY_NO_RECIPIENT_LMTP,
	REPLY_UPSTREAM, REPLY_FORWARD, REPLY_FORWARD_TWICE, REPLY_FORWARD_BUSY,
	REPLY_TLS_REQUIRED, REPLY_TLS_TWICE, REPLY_TLS_BUSY, REPLY_TLS_NONE,
	REPLY_SECOND, REPLY_SIZE, REPLY_INTAKE, REPLY_BUSY,
	REPLY_BARE, REPLY_LINE, REPLY_FAILED,
	REPLY_EARLY, REPLY_EARLY_DATA, REPLY_EARLY_TLS, REPLY_BARE_COMMAND,
	REPLY_ERRORS, REPLY_TIMEOUT, REPLY_SLOW, REPLY_FULL, REPLY_FULL_CLIENT,
	REPLY_SHUTDOWN, REPLY_RELOADED, REPLY_TLS_FAILED,
	REPLY_COUNT
};

struct reply {
	uint16_t code;
	const char *enhanced;	/* "5.5.2"; NULL: none (354) */
	const char *text;
};

const struct reply *reply_get(enum reply_id);
void reply_add(struct buf *, enum reply_id);
/* The stable code of the refusal, "smtp.data.bare"; empty: it has none. */
struct mt_span reply_reason(enum reply_id);

/* One reply of any words.  A code outside 200..599 becomes 451; an enhanced
 * code that is not one, or of another class, becomes X.0.0; bytes that are
 * not printable become '?', line ends a space; long text is folded. */
void reply_add_text(struct buf *, unsigned code, struct mt_span enhanced,
    struct mt_span text);

#endif
