/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes after DATA: finds the end, which is CRLF.CRLF and nothing else,
 * removes the dots that were stuffed (RFC 5321 section 4.5.2), and notes what
 * makes the message unacceptable.  It never ends early because of a fault:
 * what follows a fault is still message, so that no part of it can be taken
 * for commands.  Bytes are never rewritten.
 */
#ifndef MAILTRI_SMTP_DATA_H
#define MAILTRI_SMTP_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum { DATA_LINE_MAX = 998 };	/* without CRLF; RFC 5322 section 2.1.1 */

/* Faults; the message is refused after its end. */
enum {
	DATA_BARE = 1,		/* CR without LF, LF without CR, NUL */
	DATA_LONG = 2,		/* a line over DATA_LINE_MAX */
	DATA_LARGE = 4,		/* more bytes than `limit' */
	DATA_UNWANTED = 8	/* set by the owner, who has no room for it */
};

enum data_state { DATA_START, DATA_DOT, DATA_DOT_CR, DATA_TEXT, DATA_CR, DATA_DONE };

struct data {
	enum data_state state;
	uint32_t faults;
	size_t line;		/* bytes of this line so far */
	uint64_t size, limit;	/* bytes without stuffed dots and the end */
};

void data_init(struct data *, uint64_t limit);
/* Reads `in' up to and including the end, adds the message's bytes to `out'
 * (nothing more once there is a fault) and returns how many were read.
 * Fewer than in.len only where data_done(). */
size_t data_feed(struct data *, struct mt_span in, struct buf *out);

/* What the header of a message, up to the first empty line, is made of. */
enum data_header { DATA_HEADER_ASCII, DATA_HEADER_UTF8, DATA_HEADER_OTHER };
enum data_header data_header(struct mt_span message);

static inline bool
data_done(const struct data *d)
{
	return d->state == DATA_DONE;
}

#endif
