/* SPDX-License-Identifier: BSD-2-Clause */
/* The envelope on its way between processes. */
#include "mail/envelope.h"

#include <errno.h>

enum { ENVELOPE_FLAGS = ENVELOPE_TLS | ENVELOPE_ESMTP | ENVELOPE_8BIT | ENVELOPE_UTF8 |
    ENVELOPE_LMTP };

static const size_t envelope_texts[] = {
	offsetof(struct envelope, client), offsetof(struct envelope, helo),
	offsetof(struct envelope, sender), offsetof(struct envelope, rcpt),
	offsetof(struct envelope, listener), offsetof(struct envelope, tls),
	offsetof(struct envelope, upstream),
};
enum { TEXTS = sizeof(envelope_texts) / sizeof(envelope_texts[0]) };

const char *
envelope_protocol(const struct envelope *e)
{
	static const char *const names[2][2][2] = {	/* LMTP, UTF8, TLS */
		{ { "ESMTP", "ESMTPS" }, { "UTF8SMTP", "UTF8SMTPS" } },
		{ { "LMTP", "LMTPS" }, { "UTF8LMTP", "UTF8LMTPS" } },
	};

	if ((e->flags & ENVELOPE_ESMTP) == 0)
		return "SMTP";
	return names[(e->flags & ENVELOPE_LMTP) != 0][(e->flags & ENVELOPE_UTF8) != 0]
	    [(e->flags & ENVELOPE_TLS) != 0];
}

void
envelope_pack(struct buf *b, const struct envelope *e)
{
	for (size_t i = 0; i < TEXTS; i++)
		pack_span(b, *(const struct mt_span *)((const char *)e + envelope_texts[i]));
	pack_u32(b, e->flags);
	pack_u16(b, e->port);
	pack_u64(b, e->size);
}

int
envelope_unpack(struct unpack *u, struct arena *arena, struct envelope *e)
{
	struct mt_span texts[TEXTS];

	*e = (struct envelope){ 0 };
	for (size_t i = 0; i < TEXTS; i++) {
		texts[i] = unpack_span(u);
		if (texts[i].len > ENVELOPE_TEXT_MAX)
			u->bad = true;
	}
	e->flags = unpack_u32(u);
	e->port = unpack_u16(u);
	e->size = unpack_u64(u);
	if (u->bad || (e->flags & ~(uint32_t)ENVELOPE_FLAGS) != 0) {
		*e = (struct envelope){ 0 };
		return EBADMSG;
	}
	for (size_t i = 0; i < TEXTS; i++)
		*(struct mt_span *)((char *)e + envelope_texts[i]) =
		    arena == NULL ? texts[i] : arena_span(arena, texts[i]);
	return 0;
}
