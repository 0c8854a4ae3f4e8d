/* SPDX-License-Identifier: BSD-2-Clause */
/* Tag lists of RFC 6376 3.2: "v=1; a=rsa-sha256; ...", read strictly. */
#ifndef MAILTRI_AUTH_TAGLIST_H
#define MAILTRI_AUTH_TAGLIST_H

#include "text.h"

enum { TAGS_MAX = 64 };	/* of one list; more is refused */

struct tag {
	struct mt_span name, value;	/* as written, spaces at the ends taken off */
};

struct taglist {
	struct tag tag[TAGS_MAX];
	size_t count;
};

/*
 * EINVAL: a tag without '=', without a name, with a byte its value may not
 * have, or two of one name (names are case-sensitive); E2BIG: TAGS_MAX.
 */
int taglist_parse(struct mt_span, struct taglist *);
/* NULL: not in the list. */
const struct tag *taglist_find(const struct taglist *, const char *name);
/* The value without any white space, as base64 and h= are read; false: no
 * such tag, or longer than room - 1. */
bool taglist_folded(const struct taglist *, const char *name, char *out, size_t room);

#endif
