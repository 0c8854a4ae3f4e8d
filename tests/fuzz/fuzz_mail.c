/* SPDX-License-Identifier: BSD-2-Clause */
/* Packed envelopes, facts and edits from a peer that lies; the first byte
 * says which. */
#include "mail/edit.h"
#include "mail/envelope.h"
#include "mail/fact.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
read_envelope(struct unpack *u, struct arena *arena)
{
	struct envelope e;
	struct buf b = { 0 };

	if (envelope_unpack(u, arena, &e) == 0)
		envelope_pack(&b, &e);
	buf_free(&b);
}

static void
read_facts(struct unpack *u, struct arena *arena)
{
	struct facts fs;
	struct buf b = { 0 };

	facts_init(&fs, arena);
	if (facts_unpack(u, &fs) == 0)
		facts_pack(&b, &fs);
	buf_free(&b);
}

/* One field over all of raw but the end, so that offsets meet its edges. */
static void
view_make(struct mt_span raw, struct buf *block)
{
	struct view_builder *b = view_builder_new(raw);

	if (raw.len > 4)
		view_builder_field(b, &(struct view_field){ .length = raw.len - 1,
		    .name = { raw.ptr, 1 }, .value = { raw.ptr + 2, raw.len - 4 } });
	view_builder_body(b, raw.len);
	view_builder_finish(b, block);
}

static void
read_edits(struct unpack *u, struct arena *arena)
{
	struct mt_span raw = unpack_span(u);
	struct buf block = { 0 }, out = { 0 };
	struct mt_edit *edits;
	struct view v;
	uint32_t count;

	if (edit_array_unpack(u, arena, &edits, &count) != 0)
		return;
	if (count > EDITS_MAX)
		__builtin_trap();
	view_make(raw, &block);
	if (view_open(&v, buf_span(&block), raw) != 0)
		__builtin_trap();
	edits_apply(&v, edits, count, &out);
	buf_free(&block);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(struct unpack *, struct arena *) = {
		read_envelope, read_facts, read_edits };
	struct arena arena = { 0 };
	struct unpack u = unpack_of(span_make(data, size));

	readers[unpack_u8(&u) % 3](&u, &arena);
	arena_free(&arena);
	return 0;
}
