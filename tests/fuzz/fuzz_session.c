/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole dialogue.  The first byte chooses the listener's mode and what the
 * judge says, the second the protocol and what the peer may say of others;
 * then pieces of one length byte and so many bytes, each given as
 * one segment.  Invariants: replies are well-formed lines, nothing is said
 * after the end, no byte is charged once all is over.
 */
#include <stdlib.h>

#include "../unit/session_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_output(struct buf *out)
{
	size_t line = 0;

	for (size_t i = 0; i < out->len; i++) {
		unsigned char c = out->p[i];

		line++;
		if (c == '\n') {
			if (line < 6 || line > REPLY_LINE_MAX || out->p[i - 1] != '\r')
				abort();
			line = 0;
		} else if (c != '\r' && (c < 0x20 || c > 0x7e))
			abort();
	}
	if (line != 0 || out->len > SESSION_OUTPUT_MAX + 4 * REPLY_LINE_MAX)
		abort();
	buf_reset(out);
}

static void
choose(struct world *w, uint8_t choice, uint8_t peer)
{
	static const unsigned codes[] = { 250, 550, 451, 421 };

	world_init(w, (enum tls_mode)(choice % 3));
	w->rcpt.code = codes[choice >> 2 & 3];
	w->message.code = codes[choice >> 4 & 3];
	w->error = choice >> 6 == 3 ? EPIPE : 0;
	w->listener.protocol = peer % 2;
	w->trust = peer >> 1 & 3;
	world_session(w);
	world_say(w, SPAN(""));
	check_output(session_output(w->session));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w;
	size_t at = 2;

	if (size < at)
		return 0;
	choose(&w, data[0], data[1]);
	while (at < size && session_wish(w.session) != SESSION_CLOSE) {
		size_t length = data[at++];

		if (length > size - at)
			length = size - at;
		world_say(&w, span_make(data + at, length));
		check_output(session_output(w.session));
		session_seen(w.session);
		at += length;
	}
	if (session_wish(w.session) == SESSION_JUDGE)
		session_expire(w.session);
	session_free(w.session);
	w.session = NULL;
	if (w.site.inflight != 0)
		abort();
	world_fini(&w);
	return 0;
}
