/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root keys, and a key wrapped under one or more of them.  One root is in
 * force; while it is being replaced there are two, and what is written then is
 * wrapped under both, so that either opens it.
 *
 *	u32 count 1..ROOTS_MAX, each: 16 bytes root id, u32 root version,
 *	60 bytes wrapped key (store/wrap.h)
 *
 * A root's id is made from the key and says nothing of it; its version is the
 * number it got when it was first used, and is learnt from what it wrapped.
 */
#ifndef MAILTRI_STORE_ROOT_H
#define MAILTRI_STORE_ROOT_H

#include "store/wrap.h"

enum { ROOTS_MAX = 4, ROOT_ID_SIZE = 16, ROOT_ENTRY_SIZE = ROOT_ID_SIZE + 4 + WRAP_SIZE,
	ROOT_TABLE_MAX = 4 + ROOTS_MAX * ROOT_ENTRY_SIZE };

struct root {
	uint8_t id[ROOT_ID_SIZE];
	uint32_t version;	/* 0: not yet known */
	uint8_t key[WRAP_KEY_SIZE];
};

struct roots {
	struct root list[ROOTS_MAX];	/* the one in force first */
	size_t count;
};

void root_id(const uint8_t key[WRAP_KEY_SIZE], uint8_t id[ROOT_ID_SIZE]);

/* keys: 1..ROOTS_MAX keys of WRAP_KEY_SIZE bytes, one behind the other; EINVAL. */
int roots_init(struct roots *, struct mt_span keys);
/* Those whose version nothing told are new: they get the next numbers. */
void roots_number(struct roots *);

/* The place binds a wrapped key to where it lies, as with wrap_close(). */
void roots_close(const struct roots *, struct mt_span place, const uint8_t key[WRAP_KEY_SIZE],
    struct buf *out);
/* EBADMSG: damage; ENOKEY: wrapped under other roots. */
int roots_open(struct roots *, struct mt_span place, struct unpack *, uint8_t key[WRAP_KEY_SIZE]);

#endif
