/* SPDX-License-Identifier: BSD-2-Clause */
/* Short copies of what commands said, of fixed room. */
#ifndef MAILTRI_SMTP_TEXT_H
#define MAILTRI_SMTP_TEXT_H

#include "base/log.h"
#include "base/span.h"

enum { TEXT_MAX = 256 };

struct text {
	size_t len;
	char bytes[TEXT_MAX];
};

/* The parsers keep what they let through below TEXT_MAX. */
static inline void
text_set(struct text *t, struct mt_span s)
{
	if (s.len > TEXT_MAX)
		log_panic("a text of %zu bytes passed its parser", s.len);
	t->len = s.len;
	if (s.len > 0)
		memcpy(t->bytes, s.ptr, s.len);
}

static inline struct mt_span
text_span(const struct text *t)
{
	return span_make(t->bytes, t->len);
}

#endif
