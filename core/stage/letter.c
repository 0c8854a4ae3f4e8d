/* SPDX-License-Identifier: BSD-2-Clause */
/* Mails of stages: checked when handed over, packed, unpacked. */
#include "stage/letter.h"

#include <errno.h>

#include "mail/outgoing.h"

static bool
option_is(const struct mt_msg *m, const char *name, uint32_t type)
{
	const struct mt_option *o = name == NULL ? NULL :
	    descriptor_option(&m->member->loaded.descriptor, name);

	return o != NULL && o->type == type;
}

int
letter_pack(struct buf *b, const struct mt_msg *m, const struct mt_mail *mail)
{
	bool login = mail->user != NULL && mail->password != NULL;

	if (!option_is(m, mail->relay, MT_OPT_TARGET) || !outgoing_is_address(mail->rcpt) ||
	    (mail->sender.len > 0 && !outgoing_is_address(mail->sender)) ||
	    !outgoing_is_data(mail->data) ||
	    (login && (!outgoing_is_login(span_of(mail->user)) ||
	    !option_is(m, mail->password, MT_OPT_SECRET))))
		return EINVAL;
	pack_u32(b, mail->timeout_ms);
	pack_string(b, mail->relay);
	pack_string(b, login ? mail->user : "");
	pack_string(b, login ? mail->password : "");
	pack_span(b, mail->sender);
	pack_span(b, mail->rcpt);
	pack_span(b, mail->data);
	return 0;
}

int
letter_unpack(struct mt_span packed, struct letter *l)
{
	struct unpack u = unpack_of(packed);

	*l = (struct letter){ .timeout_ms = unpack_u32(&u) };
	l->relay = unpack_span(&u);
	l->user = unpack_span(&u);
	l->password = unpack_span(&u);
	l->sender = unpack_span(&u);
	l->rcpt = unpack_span(&u);
	l->data = unpack_span(&u);
	return unpack_done(&u) ? 0 : EBADMSG;
}
