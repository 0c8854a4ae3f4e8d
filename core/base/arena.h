/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that lives as long as one message or one configuration.
 * Allocation cannot fail (out of memory ends the process); everything is
 * freed at once by arena_free() or kept for reuse by arena_reset().
 */
#ifndef MAILTRI_BASE_ARENA_H
#define MAILTRI_BASE_ARENA_H

#include <stddef.h>

#include "base/span.h"

struct arena_block;
struct arena {
	struct arena_block *head;
	size_t total;
};

/* All zero is a valid empty arena. */
void *arena_alloc(struct arena *, size_t);	/* zeroed, 16-byte aligned */
void *arena_dup(struct arena *, const void *, size_t);
char *arena_string(struct arena *, struct mt_span);	/* adds the NUL */
struct mt_span arena_span(struct arena *, struct mt_span);
char *arena_printf(struct arena *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *);	/* keeps one block */
void arena_free(struct arena *);

/* malloc family that ends the process when memory is out. */
void *xmalloc(size_t);
void *xcalloc(size_t, size_t);
void *xrealloc(void *, size_t);
char *xstrdup(const char *);

#endif
