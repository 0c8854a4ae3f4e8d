/* SPDX-License-Identifier: BSD-2-Clause */
/* Talking with a session in a cmocka test: what is said, what is answered. */
#ifndef MAILTRI_TESTS_SESSION_SAY_H
#define MAILTRI_TESTS_SESSION_SAY_H

#include "session_world.h"

#define HELLO "EHLO c.example\r\n"
#define MAIL "MAIL FROM:<a@b.example>\r\n"
#define RCPT "RCPT TO:<task.linear@mx.example>\r\n"
#define BODY "Subject: x\r\n\r\nhello\r\n"
#define LINES_EHLO_END "250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n"
#define LINES_EHLO "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n" LINES_EHLO_END

static inline int
open_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	world_init(w, TLS_NONE);
	*state = w;
	return 0;
}

static inline int
open_required(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	world_init(w, TLS_REQUIRED);
	*state = w;
	return 0;
}

static inline int
close_world(void **state)
{
	world_fini(*state);
	free(*state);
	return 0;
}

/* Says it and expects exactly this answer. */
static inline void
says(struct world *w, const char *in, const char *want)
{
	struct buf *out = session_output(w->session);

	world_say(w, span_of(in));
	assert_string_equal(buf_string(out), want);
	buf_reset(out);
}

/* Says it and expects answers of these codes, one a line or group. */
static inline void
codes(struct world *w, const char *in, const char *want)
{
	struct buf *out = session_output(w->session), got = { 0 };

	world_say(w, span_of(in));
	for (size_t i = 0; i + 4 <= out->len; i++)
		if ((i == 0 || out->p[i - 1] == '\n') && out->p[i + 3] == ' ')
			buf_printf(&got, "%.3s ", (const char *)out->p + i);
	assert_string_equal(buf_string(&got), want);
	buf_free(&got);
	buf_reset(out);
}

static inline void
told(struct world *w, const char *want)
{
	assert_string_equal(buf_string(&w->told), want);
	buf_reset(&w->told);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
#define GATED(f) cmocka_unit_test_setup_teardown(f, open_required, close_world)

#endif
