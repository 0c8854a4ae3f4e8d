/* SPDX-License-Identifier: BSD-2-Clause */
/* Trace fields come and go, and the view follows. */
#include "mail/patch.h"

#include <errno.h>

#include "base/frame.h"

/* Fields neither our scan nor gmime looks into. */
static bool
is_trace(struct mt_span name)
{
	static const char *const names[] = { "authentication-results", "received-spf",
		"received" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is_nocase(name, names[i]))
			return true;
	return name.len > 2 && strncasecmp(name.ptr, "x-", 2) == 0;
}

static bool
is_plain(const struct view *v, const struct mt_edit *e)
{
	struct view_field f;

	if (e->op == MT_FIELD_ADD)
		return is_trace(e->name);
	return e->op == MT_FIELD_REMOVE && view_field(v, e->index, &f) == 0 && is_trace(f.name);
}

static bool
is_removed(const struct mt_edit *edits, size_t count, uint32_t index)
{
	for (size_t i = 0; i < count; i++)
		if (edits[i].op == MT_FIELD_REMOVE && edits[i].index == index)
			return true;
	return false;
}

/* A new field as it now stands at `at' of raw; returns its end. */
static size_t
added_field(struct view_builder *b, struct mt_span raw, size_t at, const struct mt_edit *e)
{
	struct view_field f = { .offset = at, .length = e->name.len + 2 + e->bytes.len + 2 };

	f.name = span_make(raw.ptr + at, e->name.len);
	f.value = span_make(f.name.ptr + e->name.len + 2, e->bytes.len);
	view_builder_field(b, &f);
	return at + f.length;
}

/* Returns how many bytes the body moved, modulo the width of size_t. */
static size_t
fields_build(struct view_builder *b, const struct view *v, struct mt_span raw,
    const struct mt_edit *edits, size_t count)
{
	struct view_field f;
	size_t moved = 0;

	for (size_t i = count; i-- > 0;)
		if (edits[i].op == MT_FIELD_ADD)
			moved = added_field(b, raw, moved, &edits[i]);
	for (uint32_t i = 0; view_field(v, i, &f) == 0; i++) {
		if (is_removed(edits, count, i)) {
			moved -= f.length;
			continue;
		}
		if (f.value.len > 0)
			f.value.ptr = raw.ptr + (size_t)(f.value.ptr - v->raw.ptr) + moved;
		f.offset += moved;
		view_builder_field(b, &f);
	}
	return moved;
}

static void
parts_build(struct view_builder *b, const struct view *v, struct mt_span raw, size_t moved)
{
	struct mt_part part;

	for (uint32_t i = 0; view_part(v, i, &part) == 0; i++) {
		size_t at;

		if (part.bytes.len > 0 && view_part_raw(v, i, &at))
			part.bytes.ptr = raw.ptr + at + moved;
		view_builder_embedded(b, view_part_embedded(v, i));
		view_builder_part(b, &part);
	}
}

/* Every part has its bytes behind the header: they move with the body. */
static bool
parts_are_behind(const struct view *v)
{
	size_t at;

	for (uint32_t i = 0; i < v->part_count; i++)
		if (view_part_raw(v, i, &at) && at < v->body_offset)
			return false;
	return true;
}

static void
view_rebuild(const struct view *v, const struct mt_edit *edits, size_t count,
    struct mt_span raw, struct buf *block)
{
	struct view_builder *b = view_builder_new(raw);
	size_t moved = fields_build(b, v, raw, edits, count);
	struct mt_span subject = view_subject(v);

	view_builder_body(b, v->body_offset + moved);
	parts_build(b, v, raw, moved);
	if (subject.len > 0)
		view_builder_subject(b, subject);
	view_builder_finish(b, block);
}

/* How many fields the edits add; -1: they are not for us. */
static int
edits_count(const struct view *v, const struct mt_edit *edits, size_t count)
{
	int added = 0;

	if (count > EDITS_MAX)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (!is_plain(v, &edits[i]))
			return -1;
		added += edits[i].op == MT_FIELD_ADD;
	}
	return added;
}

int
patch_apply(const struct view *v, const struct mt_edit *edits, size_t count,
    struct buf *raw, struct buf *block)
{
	int added = edits_count(v, edits, count);

	buf_reset(raw);
	buf_reset(block);
	if (added < 0 || v->block.len == 0 || v->finding_count > 0 || v->ambiguous ||
	    v->field_count + (uint32_t)added > VIEW_FIELDS_MAX ||
	    v->raw.len > FRAME_INLINE_MAX || !parts_are_behind(v) ||
	    edits_apply(v, edits, count, raw) != 0)
		return ENOTSUP;
	if (raw->len <= FRAME_INLINE_MAX)
		view_rebuild(v, edits, count, buf_span(raw), block);
	if (block->len > 0 && block->len <= FRAME_INLINE_MAX)
		return 0;
	buf_reset(raw);
	buf_reset(block);
	return ENOTSUP;
}
