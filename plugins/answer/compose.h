/* SPDX-License-Identifier: BSD-2-Clause */
/* The answer as a mail (RFC 5322, RFC 3834): header, text and HTML. */
#ifndef ANSWER_COMPOSE_H
#define ANSWER_COMPOSE_H

#include "pages.h"

enum {
	COMPOSE_PAGE_MAX = 128 * 1024,	/* bytes of a page that is filled in */
	COMPOSE_MAX = 1024 * 1024,
	COMPOSE_SUBJECT_MAX = 200,	/* characters taken of the mail's subject */
	COMPOSE_REFERENCES_MAX = 20,
	COMPOSE_ID_MAX = 250,	/* bytes of a msg-id that is repeated */
	COMPOSE_MARK_MAX = 900,
	COMPOSE_OWN_ID_MAX = 320
};

struct compose {
	const struct mt_host *host;
	struct mt_msg *msg;
	const struct pages *pages;
	enum outcome outcome;
	const char *key;	/* idempotency key, hex */
	struct mt_span rcpt, reply_to, mark;	/* the last two may be empty */
	struct mt_span values[TEMPLATE_NAMES];	/* subject and date are filled in here */
};

/* 0; EMSGSIZE: a page is too long when filled in. */
int compose_mail(struct compose *, struct mt_span *data);
/* The Message-ID without <>, the same over all attempts. */
void compose_id(const struct compose *, char out[COMPOSE_OWN_ID_MAX]);
/* The length of a msg-id at the beginning, <> included; 0: there is none. */
size_t compose_id_length(struct mt_span);

#endif
