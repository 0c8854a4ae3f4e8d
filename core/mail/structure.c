/* SPDX-License-Identifier: BSD-2-Clause */
/* Walking the tree of a message line by line. */
#include "mail/structure.h"

#include "mail/entity.h"
#include "mail/header.h"

/* Of all header blocks together; one has VIEW_HEADER_BYTES_MAX and
 * VIEW_FIELDS_MAX. */
enum {
	HEADERS_BYTES_MAX = 4 * VIEW_HEADER_BYTES_MAX,
	HEADERS_FIELDS_MAX = 8 * VIEW_FIELDS_MAX
};

/* A multipart whose delimiters are looked for. */
struct level {
	struct mt_span boundary;
	uint32_t depth, parts;
	bool closed, digest;
};

struct walk {
	struct mt_span raw;
	size_t at;
	struct findings *findings;
	struct view_builder *builder;
	struct structure *out;
	struct level levels[VIEW_DEPTH_MAX + 1];
	size_t level_count;
	size_t header_bytes, header_fields;
};

enum delimiter { DELIMITER_NONE, DELIMITER_PART, DELIMITER_CLOSE, DELIMITER_JUNK };

static bool
is_blank(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] != ' ' && s.ptr[i] != '\t')
			return false;
	return true;
}

static struct mt_span
behind(struct mt_span s, size_t n)
{
	return span_make(s.ptr + n, s.len - n);
}

/* `line' is behind its two dashes. */
static enum delimiter
delimiter_of(struct mt_span line, struct mt_span boundary)
{
	if (line.len < boundary.len || memcmp(line.ptr, boundary.ptr, boundary.len) != 0)
		return DELIMITER_NONE;
	line = behind(line, boundary.len);
	if (is_blank(line))
		return DELIMITER_PART;
	if (line.len >= 2 && memcmp(line.ptr, "--", 2) == 0 && is_blank(behind(line, 2)))
		return DELIMITER_CLOSE;
	return DELIMITER_JUNK;
}

static enum delimiter
delimiter_match(struct walk *w, struct mt_span line, size_t *level)
{
	enum delimiter d, junk = DELIMITER_NONE;

	for (size_t i = w->level_count; i-- > 0;) {
		d = delimiter_of(line, w->levels[i].boundary);
		*level = i;
		if (d == DELIMITER_PART || d == DELIMITER_CLOSE)
			return d;
		if (d == DELIMITER_JUNK)
			junk = d;
	}
	return junk;
}

static enum delimiter
delimiter_find(struct walk *w, struct mt_span line, size_t *level)
{
	size_t white = 0;
	enum delimiter d;

	while (white < line.len && (line.ptr[white] == ' ' || line.ptr[white] == '\t'))
		white++;
	if (line.len - white < 3 || memcmp(line.ptr + white, "--", 2) != 0)
		return DELIMITER_NONE;
	d = delimiter_match(w, behind(line, white + 2), level);
	if (white > 0 && (d == DELIMITER_PART || d == DELIMITER_CLOSE)) {
		findings_add(w->findings, FINDING_DELIMITER_SPACE);
		return DELIMITER_NONE;
	}
	if (white == 0 && d == DELIMITER_JUNK)
		findings_add(w->findings, FINDING_DELIMITER_TRAILING);
	return d == DELIMITER_JUNK ? DELIMITER_NONE : d;
}

static void
levels_leave(struct walk *w, size_t keep)
{
	while (w->level_count > keep) {
		const struct level *l = &w->levels[--w->level_count];

		if (!l->closed)
			findings_add(w->findings, FINDING_CLOSE_MISSING);
		if (l->parts == 0)
			findings_add(w->findings, FINDING_PARTS_NONE);
	}
}

static bool
is_prefix(struct mt_span a, struct mt_span b)
{
	return memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len) == 0;
}

static void
level_enter(struct walk *w, const struct entity *e, uint32_t depth)
{
	for (size_t i = 0; i < w->level_count; i++)
		if (is_prefix(w->levels[i].boundary, e->boundary))
			findings_add(w->findings, FINDING_BOUNDARY_PREFIX);
	w->levels[w->level_count++] = (struct level){ .boundary = e->boundary,
		.depth = depth, .digest = e->digest };
}

static void
top_field(struct walk *w, const struct view_field *f)
{
	view_builder_field(w->builder, f);
	if (w->out->subject.length == 0 && span_is_nocase(f->name, "subject"))
		w->out->subject = *f;
}

/* A delimiter inside a header block ends it. */
static bool
is_cut(struct walk *w, const struct view_field *f)
{
	size_t next, level;
	struct mt_span line = line_at(w->raw, f->offset, &next);

	return delimiter_find(w, line, &level) != DELIMITER_NONE;
}

static bool
header_read(struct walk *w, struct entity *e, bool top, bool *cut)
{
	enum header_item item;
	struct view_field f;
	struct header h;

	header_open(&h, w->raw, w->at, w->findings);
	*cut = false;
	while ((item = header_next(&h, &f)) != HEADER_END && item != HEADER_CAPS) {
		if ((*cut = is_cut(w, &f))) {
			h.at = f.offset;
			break;
		}
		if (item == HEADER_FIELD && top)
			top_field(w, &f);
		if (item == HEADER_FIELD)
			entity_field(e, &f, w->findings);
	}
	w->at = h.at;
	w->header_bytes += h.at - h.start;
	w->header_fields += h.fields;
	if (w->header_bytes > HEADERS_BYTES_MAX)
		findings_add(w->findings, FINDING_CAPS_HEADER);
	if (w->header_fields > HEADERS_FIELDS_MAX)
		findings_add(w->findings, FINDING_CAPS_FIELDS);
	if (top)
		view_builder_body(w->builder, h.at);
	return !findings_has_caps(w->findings);
}

static bool
leaf_add(struct walk *w)
{
	if (++w->out->parts <= VIEW_PARTS_MAX)
		return true;
	findings_add(w->findings, FINDING_CAPS_PARTS);
	return false;
}

/* From the first header line at w->at to the first line of a body.  False:
 * a cap is passed. */
static bool
entity_enter(struct walk *w, uint32_t depth, bool digest)
{
	bool is_message = depth == 0, cut;

	for (;; depth++, digest = false, is_message = true) {
		struct entity e = { .kind = digest ? ENTITY_MESSAGE : ENTITY_LEAF };

		if (depth > VIEW_DEPTH_MAX) {
			findings_add(w->findings, FINDING_CAPS_DEPTH);
			return false;
		}
		if (!header_read(w, &e, depth == 0, &cut))
			return false;
		entity_finish(&e, is_message, w->findings);
		if (e.kind == ENTITY_MULTIPART) {
			level_enter(w, &e, depth);
			return true;
		}
		if (e.kind == ENTITY_LEAF || cut || w->at >= w->raw.len)
			return leaf_add(w);
	}
}

static bool
part_enter(struct walk *w, size_t level)
{
	struct level *l = &w->levels[level];

	levels_leave(w, level + 1);
	if (l->closed)
		findings_add(w->findings, FINDING_EPILOGUE_PARTS);
	l->parts++;
	return entity_enter(w, l->depth + 1, l->digest);
}

/* NUL, CR and LF apart, anywhere: what the SMTP dialogue refuses too. */
static void
bytes_lint(struct mt_span raw, struct findings *fs)
{
	size_t at = 0;

	if (memchr(raw.ptr, '\0', raw.len) != NULL)
		findings_add(fs, FINDING_NUL);
	while (at < raw.len) {
		const char *p = raw.ptr + at, *lf = memchr(p, '\n', raw.len - at);
		size_t len = lf == NULL ? raw.len - at : (size_t)(lf - p);

		if (lf != NULL && len > 0 && p[len - 1] == '\r')
			len--;
		else if (lf != NULL)
			findings_add(fs, FINDING_BARE_LF);
		if (memchr(p, '\r', len) != NULL)
			findings_add(fs, FINDING_BARE_CR);
		at = lf == NULL ? raw.len : (size_t)(lf - raw.ptr) + 1;
	}
}

void
structure_scan(struct mt_span raw, struct view_builder *b, struct findings *fs,
    struct structure *out)
{
	struct walk w = { .raw = raw, .findings = fs, .builder = b, .out = out };
	bool going;

	*out = (struct structure){ 0 };
	bytes_lint(raw, fs);
	going = entity_enter(&w, 0, false);
	while (going && w.at < raw.len) {
		size_t level, at = w.at;
		enum delimiter d;

		d = delimiter_find(&w, line_at(raw, at, &w.at), &level);
		if (d == DELIMITER_CLOSE) {
			levels_leave(&w, level + 1);
			w.levels[level].closed = true;
		} else if (d == DELIMITER_PART)
			going = part_enter(&w, level);
	}
	if (going)
		levels_leave(&w, 0);
}
