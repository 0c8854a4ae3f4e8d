/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A growing byte buffer, and the one binary encoding of the project: what
 * processes send each other and what rows hold.  Little-endian integers; a
 * span is a u32 length and its bytes.  Writing cannot fail.  Reading never
 * goes past the end: a bad read sets `bad' and gives zeros, so that a
 * decoder reads everything and looks at `bad' once.
 */
#ifndef MAILTRI_BASE_BUF_H
#define MAILTRI_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct buf {
	unsigned char *p;
	size_t len, cap;
};

/* All zero is a valid empty buffer. */
void buf_reserve(struct buf *, size_t more);
void buf_add(struct buf *, const void *, size_t);
void buf_add_string(struct buf *, const char *);
void buf_add_char(struct buf *, char);
void buf_printf(struct buf *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *, const char *, va_list)
    __attribute__((format(printf, 2, 0)));
void buf_reset(struct buf *);	/* keeps the memory */
void buf_free(struct buf *);
void buf_wipe(struct buf *);	/* for secrets: overwrites, then frees */
const char *buf_string(struct buf *);	/* NUL behind the end, not counted */

static inline struct mt_span
buf_span(const struct buf *b)
{
	return (struct mt_span){ (const char *)b->p, b->len };
}

void pack_u8(struct buf *, uint8_t);
void pack_u16(struct buf *, uint16_t);
void pack_u32(struct buf *, uint32_t);
void pack_u64(struct buf *, uint64_t);
void pack_i64(struct buf *, int64_t);
void pack_span(struct buf *, struct mt_span);
void pack_string(struct buf *, const char *);	/* NULL packs as empty */

struct unpack {
	const unsigned char *p, *end;
	bool bad;
};

struct unpack unpack_of(struct mt_span);
uint8_t unpack_u8(struct unpack *);
uint16_t unpack_u16(struct unpack *);
uint32_t unpack_u32(struct unpack *);
uint64_t unpack_u64(struct unpack *);
int64_t unpack_i64(struct unpack *);
struct mt_span unpack_span(struct unpack *);	/* borrowed from the input */
/* A count of elements of at least `least' bytes each: a count that the rest
 * of the input cannot hold is bad, so nobody allocates for a lie. */
uint32_t unpack_count(struct unpack *, size_t least);
struct mt_span unpack_rest(struct unpack *);
bool unpack_done(const struct unpack *);	/* all read, nothing bad */

#endif
