/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts a message has gathered: write-once, typed, in order of arrival. */
#ifndef MAILTRI_MAIL_FACT_H
#define MAILTRI_MAIL_FACT_H

#include "base/arena.h"
#include "base/buf.h"

enum { FACTS_MAX = 256, FACT_KEY_MAX = 63, FACTS_TEXT_MAX = 48 * 1024 };

struct fact {
	struct fact *next;
	const char *writer;	/* the stage's name; "host" */
	struct mt_fact value;
	uint32_t flags;		/* MT_PERSONAL of its declaration */
};

struct facts {
	struct arena *arena;
	struct fact *head, **tail;
	size_t count, text_bytes;	/* of all texts */
};

void facts_init(struct facts *, struct arena *);
const struct fact *facts_find(const struct facts *, const char *key);
/* EPERM undeclared, EEXIST written, EINVAL type or choice, EMSGSIZE text,
 * ENOSPC FACTS_MAX or FACTS_TEXT_MAX of all texts.  decl NULL: a fact of the host itself. */
int facts_add(struct facts *, const char *writer, const struct mt_fact_decl *decls,
    const struct mt_fact *);
const char *facts_text(const struct facts *, const char *key);	/* as text, in
		 * the arena; NULL: not written */
/* Drops what came after `mark' (a run that never happened). */
struct fact **facts_mark(const struct facts *);
void facts_rewind(struct facts *, struct fact **mark);

void facts_pack(struct buf *, const struct facts *);
int facts_unpack(struct unpack *, struct facts *);	/* EBADMSG; adds to those
		 * there, copies into the arena */

#endif
