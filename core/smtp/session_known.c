/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of a dialogue. */
#include "smtp/session_state.h"

struct buf *
session_output(struct session *s)
{
	return &s->out;
}

void *
session_owner(const struct session *s)
{
	return s->owner;
}

const struct session_site *
session_site(const struct session *s)
{
	return s->site;
}

const struct session_peer *
session_peer(const struct session *s)
{
	return &s->peer;
}

bool
session_is_upstream(const struct session *s)
{
	return s->peer.trust != 0 && s->upstream != UPSTREAM_TELLING &&
	    s->upstream != UPSTREAM_GONE;
}

struct mt_span
session_client(const struct session *s)
{
	if (s->peer.trust == 0)
		return s->peer.address;
	return s->forward.address.len > 0 ? text_span(&s->forward.address) :
	    SPAN("unknown");
}

uint16_t
session_client_port(const struct session *s)
{
	return s->peer.trust == 0 ? s->peer.port : s->forward.port;
}

struct mt_span
session_upstream(const struct session *s)
{
	return s->peer.trust == 0 ? SPAN("") : s->peer.address;
}

uint32_t
session_transaction(const struct session *s)
{
	return s->transaction;
}

struct mt_span
session_helo(const struct session *s)
{
	if (session_is_upstream(s))	/* its own name proves nothing */
		return text_span(&s->forward.helo);
	return text_span(&s->helo);
}

struct mt_span
session_sender(const struct session *s)
{
	return text_span(&s->sender);
}

struct mt_span
session_rcpt(const struct session *s)
{
	return text_span(&s->rcpt);
}

struct mt_span
session_tls(const struct session *s)
{
	return text_span(&s->tls);
}

uint64_t
session_size(const struct session *s)
{
	return s->size;
}

bool
session_is_esmtp(const struct session *s)
{
	return s->esmtp;
}

bool
session_is_8bit(const struct session *s)
{
	return s->body_8bit;
}

bool
session_is_utf8(const struct session *s)
{
	return s->utf8;
}
