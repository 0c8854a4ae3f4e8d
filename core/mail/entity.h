/* SPDX-License-Identifier: BSD-2-Clause */
/* What the header of one MIME entity says of its body (RFC 2045, 2046). */
#ifndef MAILTRI_MAIL_ENTITY_H
#define MAILTRI_MAIL_ENTITY_H

#include "mail/finding.h"
#include "mail/view.h"

enum entity_kind { ENTITY_LEAF, ENTITY_MULTIPART, ENTITY_MESSAGE };

struct entity {
	enum entity_kind kind;
	bool digest;		/* its parts are messages by default */
	bool encoded;		/* base64 or quoted-printable */
	uint32_t seen;		/* once-only fields met, a bit each */
	struct mt_span boundary;	/* multipart: usable, 1 to 70 bytes */
};

/* One field after another, then entity_finish(). */
void entity_field(struct entity *, const struct view_field *, struct findings *);
void entity_finish(struct entity *, bool is_message, struct findings *);

#endif
