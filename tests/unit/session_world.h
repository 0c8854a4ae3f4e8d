/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session in memory: its transport is an array, its judge is a row of
 * prepared answers, what it asks and tells is a line of text.  For the unit
 * test and for the fuzzer.
 */
#ifndef MAILTRI_TESTS_SESSION_WORLD_H
#define MAILTRI_TESTS_SESSION_WORLD_H

#include <errno.h>
#include <stdio.h>

#include "smtp/session.h"

struct world {
	struct settings settings;
	struct setting_listener listener;
	struct session_site site;
	struct session *session;
	uint8_t trust;		/* of its next session */
	struct buf told;	/* "rcpt:a@b message:5 end:0 ..." */
	struct buf raw;		/* of the last message() */
	struct session_answer rcpt, message;	/* given at once; code 0: not */
	int error;		/* what the calls return */
	unsigned waits;		/* delays so far */
};

static inline struct world *
world_of(const struct session *s)
{
	return session_site(s)->arg;
}

static int
world_rcpt(struct session *s)
{
	struct world *w = world_of(s);
	struct mt_span rcpt = session_rcpt(s);

	buf_printf(&w->told, "rcpt:%.*s ", (int)rcpt.len, rcpt.ptr);
	return w->error;
}

static int
world_message(struct session *s, struct mt_span raw)
{
	struct world *w = world_of(s);

	buf_printf(&w->told, "message:%zu ", raw.len);
	buf_reset(&w->raw);
	buf_add(&w->raw, raw.ptr, raw.len);
	return w->error;
}

static void
world_end(struct session *s, bool answered)
{
	buf_printf(&world_of(s)->told, "end:%d ", answered);
}

static void
world_seen(struct session *s, struct mt_span event)
{
	buf_printf(&world_of(s)->told, "seen:%.*s ", (int)event.len, event.ptr);
}

static void
world_early(void *arg, uint32_t transaction, struct mt_span client, enum reply_id id)
{
	struct world *w = arg;
	struct mt_span reason = reply_reason(id);

	(void)transaction;
	(void)client;
	buf_printf(&w->told, "early:%.*s ", (int)reason.len, reason.ptr);
}

static const struct session_calls world_calls = {
	world_rcpt, world_message, world_end, world_seen, world_early
};

/* As a string, until the next call. */
static inline const char *
world_text(struct mt_span s)
{
	static char text[512];

	snprintf(text, sizeof(text), "%.*s", (int)s.len, s.ptr);
	return text;
}

static inline void
world_session(struct world *w)
{
	const struct session_peer peer = { .address = SPAN("192.0.2.1"), .port = 1025,
		.listener = &w->listener, .trust = w->trust };

	session_free(w->session);
	w->session = session_new(&w->site, &peer, w);
}

static inline void
world_init(struct world *w, enum tls_mode mode)
{
	*w = (struct world){ .settings = { .hostname = "mx.example", .limits = {
		.message_bytes = 1000, .inflight_bytes = 4000, .errors_soft = 10,
		.errors_hard = 20, .command_s = 300, .data_s = 600,
		.session_s = 3600, .judge_ms = 60000 } },
		.listener = { .address = "0.0.0.0:25", .tls = (uint8_t)mode },
		.rcpt = { .code = 250, .enhanced = SPAN("2.1.5"), .text = SPAN("ok") },
		.message = { .code = 250, .enhanced = SPAN("2.0.0"),
		    .text = SPAN("evt_1 accepted"), .event = SPAN("evt_1") } };
	w->site = (struct session_site){ .settings = &w->settings,
		.calls = &world_calls, .arg = w, .has_tls = true, .intake = true };
	world_session(w);
}

static inline void
world_fini(struct world *w)
{
	session_free(w->session);
	buf_free(&w->told);
	buf_free(&w->raw);
}

/* One wish that is not READ: false where nothing more can be done. */
static inline bool
world_grant(struct world *w, bool pending)
{
	const struct session_answer *a = w->raw.len > 0 ? &w->message : &w->rcpt;

	switch (session_wish(w->session)) {
	case SESSION_QUIET:
		session_quiet(w->session, pending);
		return true;
	case SESSION_WAIT:	/* time flies */
		w->waits++;
		session_expire(w->session);
		return true;
	case SESSION_TLS:
		session_secured(w->session, "TLSv1.3 TLS_AES_256_GCM_SHA384");
		return true;
	case SESSION_JUDGE:
		if (a->code == 0)
			return false;
		session_answer(w->session, a);
		buf_reset(&w->raw);
		return true;
	default:
		return false;
	}
}

/* Gives the bytes as one segment, as a connection does; what it could not
 * take is dropped.  Returns how many it took. */
static inline size_t
world_say(struct world *w, struct mt_span in)
{
	size_t used = 0;

	for (;;) {
		size_t n = 0;

		if (session_wish(w->session) == SESSION_READ)
			n = session_input(w->session,
			    span_make(in.ptr + used, in.len - used));
		used += n;
		if (n == 0 && !world_grant(w, used < in.len))
			return used;
	}
}

#endif
