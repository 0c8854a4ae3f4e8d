/* SPDX-License-Identifier: BSD-2-Clause */
/* A view from a parser that lies: u32 length of raw, raw, then the block. */
#include <stdlib.h>

#include "mail/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static volatile size_t sum;

static void
touch(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++)
		sum += (unsigned char)s.ptr[i];
}

static void
read_all(const struct view *v)
{
	struct view_field f;
	struct mt_part p;

	for (uint32_t i = 0; view_field(v, i, &f) == 0; i++) {
		touch(f.name);
		touch(f.value);
	}
	for (uint32_t i = 0; view_part(v, i, &p) == 0; i++) {
		touch(p.type);
		touch(p.bytes);
	}
	for (uint32_t i = 0; i < v->finding_count; i++)
		touch(view_finding(v, i));
	touch(view_subject(v));
	touch(view_text(v));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unpack u = unpack_of(span_make(data, size));
	struct mt_span raw = unpack_span(&u), block = unpack_rest(&u);
	struct view v;

	if (view_open(&v, block, raw) == 0)
		read_all(&v);
	return 0;
}
