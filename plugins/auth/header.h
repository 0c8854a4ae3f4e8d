/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header block, read from the raw bytes without mercy: what two readers
 * could understand in two ways is refused, not repaired.
 */
#ifndef MAILTRI_AUTH_HEADER_H
#define MAILTRI_AUTH_HEADER_H

#include "text.h"

enum {
	HEADER_BYTES_MAX = 256 * 1024,
	HEADER_FIELDS_MAX = 1000,
	HEADER_LINE_MAX = 998	/* RFC 5322 2.1.1, without CRLF */
};

struct field {
	struct mt_span name;
	struct mt_span value;	/* folded, what follows the colon */
	struct mt_span whole;	/* both, without the final CRLF */
};

struct header {
	struct field *field;
	size_t count;
	struct mt_span body;
};

size_t header_room(struct mt_span raw);	/* fields it can have at most */
/*
 * Fills `field', which has header_room() elements.  NULL, or what is wrong in
 * half a sentence.  A name is printable ASCII and touches its colon; lines
 * end in CRLF and hold no NUL; no line is empty but for its folding space.
 */
const char *header_parse(struct mt_span raw, struct field *, struct header *);
/* The name of a field that may stand once and stands twice; or NULL. */
const char *header_repeated(const struct header *);
/* The only field of this name; NULL: none, or several. */
const struct field *header_only(const struct header *, const char *name);
size_t header_count(const struct header *, const char *name);
/* The value as relaxed canonicalisation leaves it (RFC 6376 3.4.2). */
void header_relaxed(struct text *, struct mt_span value);

#endif
