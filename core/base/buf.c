/* SPDX-License-Identifier: BSD-2-Clause */
/* Growing buffers and the binary encoding. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/log.h"

enum { SHORT_TEXT = 64 };	/* most of what is printed: formatted once */

static void
grow(struct buf *b, size_t more)
{
	size_t need, cap = b->cap == 0 ? 256 : b->cap;

	if (__builtin_add_overflow(b->len, more, &need) ||
	    __builtin_add_overflow(need, 1, &need))
		log_panic("buffer: %zu more bytes asked", more);
	while (cap < need)
		if (__builtin_mul_overflow(cap, 2, &cap))
			log_panic("buffer: %zu bytes asked", need);
	b->p = xrealloc(b->p, cap);
	b->cap = cap;
}

/* One byte more than asked for, so that buf_string() has room. */
void
buf_reserve(struct buf *b, size_t more)
{
	if (more >= b->cap - b->len)
		grow(b, more);
}

void
buf_add(struct buf *b, const void *p, size_t len)
{
	if (len == 0)
		return;
	buf_reserve(b, len);
	memcpy(b->p + b->len, p, len);
	b->len += len;
}

void
buf_add_string(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int len;

	va_copy(again, ap);
	buf_reserve(b, SHORT_TEXT);
	len = vsnprintf((char *)b->p + b->len, SHORT_TEXT, fmt, ap);
	if (len < 0)
		log_panic("buffer: bad format");
	if (len >= SHORT_TEXT) {
		buf_reserve(b, (size_t)len + 1);
		vsnprintf((char *)b->p + b->len, (size_t)len + 1, fmt, again);
	}
	va_end(again);
	b->len += (size_t)len;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
}

void
buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

void
buf_wipe(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	buf_free(b);
}

const char *
buf_string(struct buf *b)
{
	buf_reserve(b, 1);
	b->p[b->len] = '\0';
	return (const char *)b->p;
}

static void
pack_le(struct buf *b, uint64_t v, size_t n)
{
	unsigned char le[8];

	for (size_t i = 0; i < n; i++)
		le[i] = (unsigned char)(v >> (8 * i));
	buf_add(b, le, n);
}

void
pack_u8(struct buf *b, uint8_t v)
{
	pack_le(b, v, 1);
}

void
pack_u16(struct buf *b, uint16_t v)
{
	pack_le(b, v, 2);
}

void
pack_u32(struct buf *b, uint32_t v)
{
	pack_le(b, v, 4);
}

void
pack_u64(struct buf *b, uint64_t v)
{
	pack_le(b, v, 8);
}

void
pack_i64(struct buf *b, int64_t v)
{
	pack_le(b, (uint64_t)v, 8);
}

void
pack_span(struct buf *b, struct mt_span s)
{
	if (s.len > UINT32_MAX)
		log_panic("pack: a span of %zu bytes", s.len);
	pack_u32(b, (uint32_t)s.len);
	buf_add(b, s.ptr, s.len);
}

void
pack_string(struct buf *b, const char *s)
{
	pack_span(b, span_of(s));
}

struct unpack
unpack_of(struct mt_span s)
{
	const unsigned char *p = (const unsigned char *)s.ptr;

	return (struct unpack){ .p = p, .end = s.len == 0 ? p : p + s.len };
}

static const unsigned char *
unpack_bytes(struct unpack *u, size_t n)
{
	const unsigned char *p = u->p;

	if (u->bad || (size_t)(u->end - u->p) < n) {
		u->bad = true;
		return NULL;
	}
	if (n > 0)
		u->p += n;
	return p;
}

static uint64_t
unpack_le(struct unpack *u, size_t n)
{
	const unsigned char *p = unpack_bytes(u, n);
	uint64_t v = 0;

	if (p == NULL)
		return 0;
	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

uint8_t
unpack_u8(struct unpack *u)
{
	return (uint8_t)unpack_le(u, 1);
}

uint16_t
unpack_u16(struct unpack *u)
{
	return (uint16_t)unpack_le(u, 2);
}

uint32_t
unpack_u32(struct unpack *u)
{
	return (uint32_t)unpack_le(u, 4);
}

uint64_t
unpack_u64(struct unpack *u)
{
	return unpack_le(u, 8);
}

int64_t
unpack_i64(struct unpack *u)
{
	return (int64_t)unpack_le(u, 8);
}

struct mt_span
unpack_span(struct unpack *u)
{
	uint32_t len = unpack_u32(u);
	const unsigned char *p = unpack_bytes(u, len);

	if (p == NULL)
		return (struct mt_span){ "", 0 };
	return (struct mt_span){ (const char *)p, len };
}

uint32_t
unpack_count(struct unpack *u, size_t least)
{
	uint32_t n = unpack_u32(u);

	if (u->bad || (size_t)(u->end - u->p) / (least == 0 ? 1 : least) < n) {
		u->bad = true;
		return 0;
	}
	return n;
}

struct mt_span
unpack_rest(struct unpack *u)
{
	struct mt_span rest = { (const char *)u->p, (size_t)(u->end - u->p) };

	if (u->bad)
		return (struct mt_span){ "", 0 };
	u->p = u->end;
	return rest;
}

bool
unpack_done(const struct unpack *u)
{
	return !u->bad && u->p == u->end;
}
