/* SPDX-License-Identifier: BSD-2-Clause */
/* The Received field of a mail we keep (RFC 5321 section 4.4). */
#ifndef MAILTRI_MAIL_TRACE_H
#define MAILTRI_MAIL_TRACE_H

#include "mail/envelope.h"

struct trace {
	const struct envelope *envelope;
	const char *hostname, *event;
	int64_t time_s;
};

enum { TRACE_MAX = 2048 };	/* bytes of the field, no line over 998 */

/* The whole field with its CRLF.  What the envelope holds is of the grammar of
 * smtp/address.h or left out: nothing can end the field or add another. */
void trace_format(struct buf *, const struct trace *);

#endif
