/* SPDX-License-Identifier: BSD-2-Clause */
/* A message through our scan, our decoders and gmime: what comes out must be
 * a view that opens, and an edit of its header must parse again; where it can
 * be patched, to the very view the patch made. */
#include <stdlib.h>

#include "base/utf8.h"
#include "mail/decode.h"
#include "mail/edit.h"
#include "mail/parse.h"
#include "mail/patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
edit_and_parse(const struct view *v, struct buf *block)
{
	const struct mt_edit edits[] = {
		{ .op = MT_FIELD_ADD, .name = SPAN("X-Added"), .bytes = SPAN("yes") },
		{ .op = MT_FIELD_REMOVE, .index = 0 } };
	struct buf raw = { 0 }, patched_raw = { 0 }, patched = { 0 };
	struct view again;

	if (patch_apply(v, edits, 1, &patched_raw, &patched) == 0 &&
	    view_subject(v).len > 0) {
		struct buf parsed = { 0 };

		if (parse_message(buf_span(&patched_raw), &parsed) != 0 ||
		    !span_equal(buf_span(&parsed), buf_span(&patched)))
			abort();
		buf_free(&parsed);
	}
	buf_free(&patched_raw);
	buf_free(&patched);
	if (edits_apply(v, edits, v->field_count > 0 ? 2 : 1, &raw) == 0) {
		if (parse_message(buf_span(&raw), block) != 0 ||
		    view_open(&again, buf_span(block), buf_span(&raw)) != 0)
			abort();
	}
	buf_free(&raw);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int ready;
	struct mt_span raw = span_make(data, size);
	struct buf block = { 0 }, words = { 0 };
	struct mt_part part;
	struct view v;

	if (!ready)
		parse_init();
	ready = 1;
	if (parse_message(raw, &block) != 0 || view_open(&v, buf_span(&block), raw) != 0)
		abort();
	for (uint32_t i = 0; view_part(&v, i, &part) == 0; i++)
		decode_words(part.bytes, &words);
	if (!utf8_is_valid(view_subject(&v)) || !utf8_is_valid(buf_span(&words)))
		abort();
	edit_and_parse(&v, &block);
	buf_free(&words);
	buf_free(&block);
	return 0;
}
