/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing a parsed view: rows and a heap, put together at the end because
 * the heap's place is known only when the rows are all there. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/log.h"
#include "mail/view_format.h"

struct pair {
	size_t at, len;
};

struct part_row {
	uint32_t depth, flags;
	struct pair texts[5];	/* type charset disposition filename bytes */
};

struct view_builder {
	struct mt_span raw;
	struct buf fields;	/* rows as in the block: they need no heap */
	struct buf heap;
	struct part_row *parts;
	struct pair findings[VIEW_FINDINGS_MAX], subject;
	uint32_t field_count, part_count, part_cap, finding_count;
	uint32_t flags, part_flags;
	size_t body;
};

struct view_builder *
view_builder_new(struct mt_span raw)
{
	struct view_builder *b = xcalloc(1, sizeof(*b));

	b->raw = raw;
	return b;
}

static struct pair
heap_add(struct view_builder *b, struct mt_span s)
{
	struct pair p = { b->heap.len, s.len };

	buf_add(&b->heap, s.ptr, s.len);
	return p;
}

void
view_builder_field(struct view_builder *b, const struct view_field *f)
{
	const char *start = b->raw.ptr + f->offset;

	if (b->field_count >= VIEW_FIELDS_MAX)
		return;
	b->field_count++;
	pack_u32(&b->fields, (uint32_t)f->offset);
	pack_u32(&b->fields, (uint32_t)f->length);
	pack_u32(&b->fields, (uint32_t)f->name.len);
	pack_u32(&b->fields, f->value.len == 0 ? 0 : (uint32_t)(f->value.ptr - start));
	pack_u32(&b->fields, (uint32_t)f->value.len);
}

static bool
lies_in(struct mt_span s, struct mt_span whole)
{
	uintptr_t p = (uintptr_t)s.ptr, from = (uintptr_t)whole.ptr;

	return s.len > 0 && p >= from && p - from <= whole.len &&
	    s.len <= whole.len - (p - from);
}

void
view_builder_part(struct view_builder *b, const struct mt_part *part)
{
	struct part_row *row;

	if (b->part_count >= VIEW_PARTS_MAX)
		return;
	if (b->part_count == b->part_cap) {
		b->part_cap = b->part_cap == 0 ? 16 : b->part_cap * 2;
		b->parts = xrealloc(b->parts, b->part_cap * sizeof(*b->parts));
	}
	row = &b->parts[b->part_count++];
	*row = (struct part_row){ .depth = part->depth, .flags = b->part_flags };
	row->texts[0] = heap_add(b, part->type);
	row->texts[1] = heap_add(b, part->charset);
	row->texts[2] = heap_add(b, part->disposition);
	row->texts[3] = heap_add(b, part->filename);
	if (lies_in(part->bytes, b->raw)) {
		row->flags |= VIEW_PART_RAW;
		row->texts[4] = (struct pair){ (size_t)(part->bytes.ptr - b->raw.ptr),
			part->bytes.len };
	} else
		row->texts[4] = heap_add(b, part->bytes);
}

void
view_builder_embedded(struct view_builder *b, int yes)
{
	b->part_flags = yes ? VIEW_PART_EMBEDDED : 0;
}

void
view_builder_finding(struct view_builder *b, const char *name, int ambiguous)
{
	struct mt_span s = span_of(name);

	if (ambiguous)
		b->flags |= VIEW_AMBIGUOUS;
	for (uint32_t i = 0; i < b->finding_count; i++)
		if (span_equal(s, span_make(b->heap.p + b->findings[i].at,
		    b->findings[i].len)))
			return;
	if (b->finding_count < VIEW_FINDINGS_MAX)
		b->findings[b->finding_count++] = heap_add(b, s);
}

void
view_builder_subject(struct view_builder *b, struct mt_span subject)
{
	b->subject = heap_add(b, subject);
}

void
view_builder_body(struct view_builder *b, size_t body_offset)
{
	b->body = body_offset;
}

static void
pair_pack(struct buf *out, struct pair p, size_t base)
{
	pack_u32(out, (uint32_t)(p.at + base));
	pack_u32(out, (uint32_t)p.len);
}

static void
head_pack(struct buf *out, const struct view_builder *b, size_t heap_at)
{
	pack_u32(out, VIEW_MAGIC);
	pack_u32(out, (uint32_t)b->raw.len);
	pack_u32(out, b->flags);
	pack_u32(out, b->field_count);
	pack_u32(out, b->part_count);
	pack_u32(out, b->finding_count);
	pack_u32(out, (uint32_t)b->body);
	pair_pack(out, b->subject, heap_at);
}

static void
part_pack(struct buf *out, const struct part_row *row, size_t heap_at)
{
	pack_u32(out, row->depth);
	pack_u32(out, row->flags);
	for (int i = 0; i < 4; i++)
		pair_pack(out, row->texts[i], heap_at);
	pair_pack(out, row->texts[4], (row->flags & VIEW_PART_RAW) != 0 ? 0 : heap_at);
}

void
view_builder_finish(struct view_builder *b, struct buf *out)
{
	size_t heap_at = VIEW_HEAD + b->fields.len +
	    (size_t)b->part_count * VIEW_PART_ROW +
	    (size_t)b->finding_count * VIEW_FINDING_ROW;

	if (b->raw.len > VIEW_RAW_MAX || b->heap.len > UINT32_MAX - heap_at)
		log_panic("view: %zu bytes of %zu", b->heap.len, b->raw.len);
	buf_reset(out);
	buf_reserve(out, heap_at + b->heap.len);
	head_pack(out, b, heap_at);
	buf_add(out, b->fields.p, b->fields.len);
	for (uint32_t i = 0; i < b->part_count; i++)
		part_pack(out, &b->parts[i], heap_at);
	for (uint32_t i = 0; i < b->finding_count; i++)
		pair_pack(out, b->findings[i], heap_at);
	buf_add(out, b->heap.p, b->heap.len);
	buf_free(&b->fields);
	buf_free(&b->heap);
	free(b->parts);
	free(b);
}
