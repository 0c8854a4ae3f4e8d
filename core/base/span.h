/* SPDX-License-Identifier: BSD-2-Clause */
/* Borrowed bytes: what came from outside is a span, never a C string. */
#ifndef MAILTRI_BASE_SPAN_H
#define MAILTRI_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "mailtri/stage.h"

#define SPAN(s) ((struct mt_span){ (s), sizeof(s) - 1 })

static inline struct mt_span
span_of(const char *s)
{
	return (struct mt_span){ s, s == NULL ? 0 : strlen(s) };
}

static inline struct mt_span
span_make(const void *p, size_t len)
{
	return (struct mt_span){ p, len };
}

static inline bool
span_equal(struct mt_span a, struct mt_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ASCII case only, so never locale dependent for what the RFCs compare. */
static inline bool
span_equal_nocase(struct mt_span a, struct mt_span b)
{
	return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool
span_is(struct mt_span a, const char *s)
{
	return span_equal(a, span_of(s));
}

static inline bool
span_is_nocase(struct mt_span a, const char *s)
{
	return span_equal_nocase(a, span_of(s));
}

/* For tables in memory; with a random seed nobody can aim at a row. */
static inline uint64_t
span_hash(struct mt_span s, uint64_t seed)
{
	uint64_t h = seed;

	for (size_t i = 0; i < s.len; i++) {
		h = (h ^ (unsigned char)s.ptr[i]) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	return h;
}

#endif
