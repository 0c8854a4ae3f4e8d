/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a parsed view.  The block is a head, three tables of fixed-size
 * rows and a heap, all numbers 32 bits little-endian:
 *	head	 magic, bytes of raw, flags, fields, parts, findings,
 *		 body offset, subject (at, length)
 *	field	 offset, length, name length, value (at, length); the name
 *		 and the value are relative to the field
 *	part	 depth, flags, then (at, length) of type, charset,
 *		 disposition, filename, bytes
 *	finding	 (at, length)
 * Whatever is (at, length) lies in the block, but a part's bytes with
 * VIEW_PART_RAW lie in raw.
 */
#include "mail/view_format.h"

#include <errno.h>

static uint32_t
number_at(struct mt_span block, size_t at)
{
	const unsigned char *p = (const unsigned char *)block.ptr + at;

	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static bool
span_at(struct mt_span in, size_t at, size_t len, struct mt_span *out)
{
	if (at > in.len || len > in.len - at)
		return false;
	*out = span_make(len == 0 ? "" : in.ptr + at, len);
	return true;
}

/* The (at, length) pair written at `row'. */
static bool
pair_at(struct mt_span block, size_t row, struct mt_span in, struct mt_span *out)
{
	return span_at(in, number_at(block, row), number_at(block, row + 4), out);
}

static bool
field_read(const struct view *v, uint32_t i, struct view_field *f)
{
	size_t row = v->fields_at + (size_t)i * VIEW_FIELD_ROW;
	struct mt_span whole;

	f->offset = number_at(v->block, row);
	f->length = number_at(v->block, row + 4);
	return span_at(v->raw, f->offset, f->length, &whole) &&
	    span_at(whole, 0, number_at(v->block, row + 8), &f->name) &&
	    pair_at(v->block, row + 12, whole, &f->value);
}

static bool
part_read(const struct view *v, uint32_t i, struct mt_part *p)
{
	size_t row = v->parts_at + (size_t)i * VIEW_PART_ROW;
	uint32_t flags = number_at(v->block, row + 4);

	p->depth = number_at(v->block, row);
	return (flags & ~(uint32_t)VIEW_PART_FLAGS) == 0 &&
	    pair_at(v->block, row + 8, v->block, &p->type) &&
	    pair_at(v->block, row + 16, v->block, &p->charset) &&
	    pair_at(v->block, row + 24, v->block, &p->disposition) &&
	    pair_at(v->block, row + 32, v->block, &p->filename) &&
	    pair_at(v->block, row + 40,
	    (flags & VIEW_PART_RAW) != 0 ? v->raw : v->block, &p->bytes);
}

static bool
finding_read(const struct view *v, uint32_t i, struct mt_span *out)
{
	return pair_at(v->block, v->findings_at + (size_t)i * VIEW_FINDING_ROW,
	    v->block, out);
}

static bool
finding_is_name(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (memchr("abcdefghijklmnopqrstuvwxyz0123456789.-", s.ptr[i], 38) == NULL)
			return false;
	return s.len > 0 && s.len <= VIEW_FINDING_NAME_MAX;
}

/* In order and apart, so that edits can copy what lies between them. */
static bool
fields_are_good(const struct view *v)
{
	size_t end = 0;

	for (uint32_t i = 0; i < v->field_count; i++) {
		struct view_field f;

		if (!field_read(v, i, &f) || f.offset < end)
			return false;
		end = f.offset + f.length;
	}
	return end <= v->body_offset;
}

static bool
rows_are_good(const struct view *v)
{
	struct mt_part part;
	struct mt_span name;

	for (uint32_t i = 0; i < v->part_count; i++)
		if (!part_read(v, i, &part) || part.depth > VIEW_DEPTH_MAX)
			return false;
	for (uint32_t i = 0; i < v->finding_count; i++)
		if (!finding_read(v, i, &name) || !finding_is_name(name))
			return false;
	return fields_are_good(v);
}

static bool
head_read(struct view *v)
{
	struct mt_span subject;
	uint32_t flags;

	if (v->block.len < VIEW_HEAD || v->block.len > UINT32_MAX ||
	    v->raw.len > VIEW_RAW_MAX)
		return false;
	flags = number_at(v->block, VIEW_AT_FLAGS);
	v->ambiguous = flags & VIEW_AMBIGUOUS;
	v->field_count = number_at(v->block, VIEW_AT_FIELDS);
	v->part_count = number_at(v->block, VIEW_AT_PARTS);
	v->finding_count = number_at(v->block, VIEW_AT_FINDINGS);
	v->body_offset = number_at(v->block, VIEW_AT_BODY);
	if (number_at(v->block, 0) != VIEW_MAGIC || flags > VIEW_AMBIGUOUS ||
	    number_at(v->block, VIEW_AT_RAW) != v->raw.len ||
	    v->field_count > VIEW_FIELDS_MAX || v->part_count > VIEW_PARTS_MAX ||
	    v->finding_count > VIEW_FINDINGS_MAX || v->body_offset > v->raw.len)
		return false;
	v->fields_at = VIEW_HEAD;
	v->parts_at = v->fields_at + (size_t)v->field_count * VIEW_FIELD_ROW;
	v->findings_at = v->parts_at + (size_t)v->part_count * VIEW_PART_ROW;
	return v->findings_at + (size_t)v->finding_count * VIEW_FINDING_ROW <=
	    v->block.len && pair_at(v->block, VIEW_AT_SUBJECT, v->block, &subject);
}

int
view_open(struct view *v, struct mt_span block, struct mt_span raw)
{
	*v = (struct view){ .raw = raw, .block = block };
	if (head_read(v) && rows_are_good(v))
		return 0;
	*v = (struct view){ 0 };
	return EBADMSG;
}

int
view_field(const struct view *v, uint32_t i, struct view_field *f)
{
	*f = (struct view_field){ 0 };
	return i < v->field_count && field_read(v, i, f) ? 0 : ENOENT;
}

int
view_part(const struct view *v, uint32_t i, struct mt_part *part)
{
	return i < v->part_count && part_read(v, i, part) ? 0 : ENOENT;
}

static uint32_t
part_flags(const struct view *v, uint32_t i)
{
	return number_at(v->block, v->parts_at + (size_t)i * VIEW_PART_ROW + 4);
}

bool
view_part_raw(const struct view *v, uint32_t i, size_t *at)
{
	if (i >= v->part_count || (part_flags(v, i) & VIEW_PART_RAW) == 0)
		return false;
	*at = number_at(v->block, v->parts_at + (size_t)i * VIEW_PART_ROW + 40);
	return true;
}

bool
view_part_embedded(const struct view *v, uint32_t i)
{
	return i < v->part_count && (part_flags(v, i) & VIEW_PART_EMBEDDED) != 0;
}

struct mt_span
view_finding(const struct view *v, uint32_t i)
{
	struct mt_span name = SPAN("");

	if (i < v->finding_count)
		finding_read(v, i, &name);
	return name;
}

int
view_find(const struct view *v, const char *name, struct view_field *f)
{
	for (uint32_t i = 0; view_field(v, i, f) == 0; i++)
		if (span_is_nocase(f->name, name))
			return 0;
	return ENOENT;
}

struct mt_span
view_subject(const struct view *v)
{
	struct mt_span subject = SPAN("");

	if (v->block.len > 0)
		pair_at(v->block, VIEW_AT_SUBJECT, v->block, &subject);
	return subject;
}

struct mt_span
view_text(const struct view *v)
{
	struct mt_part part;

	for (uint32_t i = 0; view_part(v, i, &part) == 0; i++)
		if (!view_part_embedded(v, i) && span_is(part.type, "text/plain") &&
		    !span_is(part.disposition, "attachment"))
			return part.bytes;
	return SPAN("");
}
