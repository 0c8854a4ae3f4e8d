/* SPDX-License-Identifier: BSD-2-Clause */
/* Arenas: blocks that double in size, freed together. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(16) unsigned char bytes[];
};

enum { BLOCK_MIN = 4096, BLOCK_MAX = 1 << 20 };

void *
xmalloc(size_t size)
{
	void *p = malloc(size == 0 ? 1 : size);

	if (p == NULL)
		log_panic("out of memory (%zu bytes)", size);
	return p;
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n == 0 ? 1 : n, size == 0 ? 1 : size);

	if (p == NULL)
		log_panic("out of memory (%zu * %zu bytes)", n, size);
	return p;
}

void *
xrealloc(void *old, size_t size)
{
	void *p = realloc(old, size == 0 ? 1 : size);

	if (p == NULL)
		log_panic("out of memory (%zu bytes)", size);
	return p;
}

char *
xstrdup(const char *s)
{
	size_t size = strlen(s) + 1;

	return memcpy(xmalloc(size), s, size);
}

static struct arena_block *
block_new(struct arena *a, size_t need)
{
	size_t size = a->head == NULL ? BLOCK_MIN : a->head->size * 2;
	struct arena_block *b;

	if (size > BLOCK_MAX)
		size = BLOCK_MAX;
	if (size < need)
		size = need;
	b = xmalloc(sizeof(*b) + size);
	*b = (struct arena_block){ .next = a->head, .size = size };
	a->head = b;
	a->total += size;
	return b;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->head;
	size_t rounded;
	void *p;

	if (__builtin_add_overflow(size, 15, &rounded))
		log_panic("arena: %zu bytes asked", size);
	rounded &= ~(size_t)15;
	if (b == NULL || b->size - b->used < rounded)
		b = block_new(a, rounded);
	p = b->bytes + b->used;
	b->used += rounded;
	return memset(p, 0, size);
}

void *
arena_dup(struct arena *a, const void *p, size_t len)
{
	void *copy = arena_alloc(a, len);

	if (len > 0)
		memcpy(copy, p, len);
	return copy;
}

char *
arena_string(struct arena *a, struct mt_span s)
{
	char *copy = arena_alloc(a, s.len + 1);

	if (s.len > 0)
		memcpy(copy, s.ptr, s.len);
	return copy;
}

struct mt_span
arena_span(struct arena *a, struct mt_span s)
{
	return (struct mt_span){ arena_dup(a, s.ptr, s.len), s.len };
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *text;
	int len;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		log_panic("arena: bad format");
	text = arena_alloc(a, (size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	return text;
}

static void
blocks_free(struct arena_block *b)
{
	while (b != NULL) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
}

void
arena_reset(struct arena *a)
{
	struct arena_block *b = a->head;

	if (b == NULL)
		return;
	blocks_free(b->next);
	b->next = NULL;
	b->used = 0;
	a->total = b->size;
}

void
arena_free(struct arena *a)
{
	blocks_free(a->head);
	*a = (struct arena){ 0 };
}
