/* SPDX-License-Identifier: BSD-2-Clause */
/* Edits of the header: packing, checking, applying. */
#include "mail/edit.h"

#include <errno.h>

void
edit_pack(struct buf *b, const struct mt_edit *e)
{
	pack_u32(b, e->op);
	pack_u32(b, e->index);
	pack_u64(b, e->offset);
	pack_u64(b, e->length);
	pack_span(b, e->name);
	pack_span(b, e->bytes);
}

int
edit_unpack(struct unpack *u, struct arena *arena, struct mt_edit *e)
{
	struct mt_span name, bytes;

	*e = (struct mt_edit){ .size = sizeof(*e) };
	e->op = unpack_u32(u);
	e->index = unpack_u32(u);
	e->offset = unpack_u64(u);
	e->length = unpack_u64(u);
	name = unpack_span(u);
	bytes = unpack_span(u);
	if (e->op < MT_PART_SPLICE || e->op > MT_FIELD_REMOVE)
		u->bad = true;
	if (u->bad)
		return EBADMSG;
	e->name = arena == NULL ? name : arena_span(arena, name);
	e->bytes = arena == NULL ? bytes : arena_span(arena, bytes);
	return 0;
}

int
edit_array_unpack(struct unpack *u, struct arena *arena, struct mt_edit **edits, uint32_t *count)
{
	*count = unpack_count(u, 32);
	if (u->bad || *count > EDITS_MAX)
		return EBADMSG;
	*edits = arena_alloc(arena, *count * sizeof(**edits));
	for (uint32_t i = 0; i < *count; i++)
		if (edit_unpack(u, NULL, &(*edits)[i]) != 0)
			return EBADMSG;
	return 0;
}

/* RFC 5322 2.2: printable ASCII but the colon. */
static bool
name_is_good(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < 33 || s.ptr[i] > 126 || s.ptr[i] == ':')
			return false;
	return s.len > 0 && s.len <= EDIT_NAME_MAX;
}

/* No NUL, and every CR and LF is half of a CR LF that white space follows:
 * the text can neither end its field nor begin another. */
static bool
text_is_folded(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '\0' || s.ptr[i] == '\n')
			return false;
		if (s.ptr[i] != '\r')
			continue;
		if (i + 2 >= s.len || s.ptr[i + 1] != '\n' ||
		    (s.ptr[i + 2] != ' ' && s.ptr[i + 2] != '\t'))
			return false;
		i += 2;
	}
	return s.len <= EDIT_VALUE_MAX;
}

/* No line too long, and after the first none of white space alone: there is
 * software that takes such a line for the end of the header. */
static bool
lines_are_good(struct mt_span s)
{
	size_t line = 0;
	bool text = true;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		line = c == '\n' ? 0 : line + 1;
		if (line > EDIT_LINE_MAX + 1 || (c == '\n' && !text))	/* its CR */
			return false;
		text = c != '\n' && (text || (c != ' ' && c != '\t' && c != '\r'));
	}
	return line == 0 || text;
}

static int
add_check(const struct mt_edit *e)
{
	struct mt_span first = e->bytes;

	if (!name_is_good(e->name) || !text_is_folded(e->bytes) || !lines_are_good(e->bytes))
		return EINVAL;
	for (first.len = 0; first.len < e->bytes.len; first.len++)
		if (first.ptr[first.len] == '\r')
			break;
	return e->name.len + 2 + first.len > EDIT_LINE_MAX ? EINVAL : 0;
}

/* A cut through CR LF and its white space would end the field there. */
static bool
seams_hold(struct mt_span value, const struct mt_edit *e)
{
	char before = e->offset == 0 ? ' ' : value.ptr[e->offset - 1];
	char last = e->length == 0 ? ' ' : value.ptr[e->offset + e->length - 1];

	return before != '\r' && before != '\n' && last != '\r';
}

static int
splice_check(const struct view *v, const struct mt_edit *e)
{
	struct view_field f;

	if (view_field(v, e->index, &f) != 0 || !text_is_folded(e->bytes))
		return EINVAL;
	if (e->offset > f.value.len || e->length > f.value.len - e->offset)
		return EINVAL;
	return seams_hold(f.value, e) ? 0 : EINVAL;
}

static int
remove_check(const struct view *v, const struct mt_edit *e)
{
	return e->index < v->field_count ? 0 : EINVAL;
}

static bool
is_of_field(const struct mt_edit *e)
{
	return e->op == MT_FIELD_SPLICE || e->op == MT_FIELD_REMOVE;
}

static bool
overlaps(const struct mt_edit *a, const struct mt_edit *b)
{
	if (!is_of_field(a) || !is_of_field(b) || a->index != b->index)
		return false;
	if (a->op == MT_FIELD_REMOVE || b->op == MT_FIELD_REMOVE)
		return true;
	return a->offset == b->offset || (a->offset < b->offset + b->length &&
	    b->offset < a->offset + a->length);
}

int
edit_check(const struct view *v, const struct mt_edit *e,
    const struct mt_edit *others, size_t other_count)
{
	int error = e->op == MT_FIELD_ADD ? add_check(e) :
	    e->op == MT_FIELD_SPLICE ? splice_check(v, e) :
	    e->op == MT_FIELD_REMOVE ? remove_check(v, e) : EINVAL;

	for (size_t i = 0; error == 0 && i < other_count; i++)
		if (overlaps(e, &others[i]))
			error = EINVAL;
	return error;
}

static void
add_fields(const struct mt_edit *edits, size_t count, struct buf *out)
{
	while (count-- > 0) {
		if (edits[count].op != MT_FIELD_ADD)
			continue;
		buf_add(out, edits[count].name.ptr, edits[count].name.len);
		buf_add_string(out, ": ");
		buf_add(out, edits[count].bytes.ptr, edits[count].bytes.len);
		buf_add_string(out, "\r\n");
	}
}

/* The edits of one field, by offset. */
struct field_edits {
	const struct mt_edit *list[EDITS_MAX];
	size_t count;
};

static void
field_edits_find(struct field_edits *of, const struct mt_edit *edits,
    size_t count, uint32_t field)
{
	of->count = 0;
	for (size_t i = 0; i < count; i++) {
		size_t at = of->count;

		if (!is_of_field(&edits[i]) || edits[i].index != field)
			continue;
		for (; at > 0 && of->list[at - 1]->offset > edits[i].offset; at--)
			of->list[at] = of->list[at - 1];
		of->list[at] = &edits[i];
		of->count++;
	}
}

static int
field_write(const struct view *v, const struct view_field *f,
    const struct field_edits *of, struct buf *out)
{
	const char *raw = v->raw.ptr + f->offset, *value = f->value.ptr;
	size_t start = out->len, done = 0;

	if (of->count > 0 && of->list[0]->op == MT_FIELD_REMOVE)
		return 0;
	if (of->count == 0) {
		buf_add(out, raw, f->length);
		return 0;
	}
	if (f->value.len == 0)	/* an empty value stands before the CR LF */
		value = raw + f->length - (f->length >= 2 &&
		    memcmp(raw + f->length - 2, "\r\n", 2) == 0 ? 2 : 0);
	buf_add(out, raw, (size_t)(value - raw));
	for (size_t i = 0; i < of->count; i++) {
		const struct mt_edit *e = of->list[i];

		buf_add(out, value + done, e->offset - done);
		buf_add(out, e->bytes.ptr, e->bytes.len);
		done = e->offset + e->length;
	}
	buf_add(out, value + done, f->length - (size_t)(value - raw) - done);
	return lines_are_good(span_make(out->p + start, out->len - start)) ? 0 : EINVAL;
}

int
edits_apply(const struct view *v, const struct mt_edit *edits, size_t count,
    struct buf *out)
{
	struct field_edits of;
	struct view_field f;
	size_t done = 0;

	buf_reset(out);
	if (count > EDITS_MAX)
		return EINVAL;
	for (size_t i = 0; i < count; i++)
		if (edit_check(v, &edits[i], edits, i) != 0)
			return EINVAL;
	add_fields(edits, count, out);
	for (uint32_t i = 0; view_field(v, i, &f) == 0; i++) {
		buf_add(out, v->raw.ptr + done, f.offset - done);
		field_edits_find(&of, edits, count, i);
		if (field_write(v, &f, &of, out) != 0) {
			buf_reset(out);
			return EINVAL;
		}
		done = f.offset + f.length;
	}
	buf_add(out, v->raw.ptr + done, v->raw.len - done);
	return 0;
}
