/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a mail came from and how, for those who read it later. */
#include "mail/trace.h"

#include <time.h>

/* An address literal; what has no address is named by a word. */
static void
add_client(struct buf *b, struct mt_span client)
{
	bool six = memchr(client.ptr, ':', client.len) != NULL;
	bool four = !six && memchr(client.ptr, '.', client.len) != NULL;

	buf_printf(b, "%s%.*s%s", six ? "[IPv6:" : four ? "[" : "", (int)client.len,
	    client.ptr, six || four ? "]" : "");
}

static void
add_time(struct buf *b, int64_t time_s)
{
	char text[64];
	time_t t = (time_t)time_s;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	buf_add_string(b, text);
}

void
trace_format(struct buf *b, const struct trace *t)
{
	const struct envelope *e = t->envelope;
	struct mt_span helo = e->helo.len > 0 ? e->helo : SPAN("unknown");

	buf_printf(b, "Received: from %.*s (", (int)helo.len, helo.ptr);
	add_client(b, e->client);
	if (e->upstream.len > 0)
		buf_printf(b, " through %.*s", (int)e->upstream.len, e->upstream.ptr);
	buf_printf(b, ")\r\n\tby %s with %s", t->hostname, envelope_protocol(e));
	if (e->tls.len > 0)
		buf_printf(b, " (%.*s)", (int)e->tls.len, e->tls.ptr);
	buf_printf(b, " id %s\r\n\tfor <%.*s>; ", t->event, (int)e->rcpt.len, e->rcpt.ptr);
	add_time(b, t->time_s);
	buf_add_string(b, "\r\n");
}
