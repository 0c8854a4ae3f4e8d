/* SPDX-License-Identifier: BSD-2-Clause */
/* Markdown, line by line. */
#include "../common/utf8.h"
#include "writer.h"

#include <string.h>

enum { END_ROOM = 64 };		/* for what closes a text that is cut */

static const char fence_begin[] = "```\n", fence_end[] = "```", fence_cut[] = "\n```";

void
writer_init(struct writer *w, struct text *out)
{
	*w = (struct writer){ .out = out };
	out->cap -= END_ROOM;
}

/* ---- the start of a line ---- */

/* Of the line in front of the one that is begun: an empty one. */
static size_t
prefix_trimmed(const struct writer *w)
{
	size_t n = w->lead_len > 0 ? w->lead_at : w->prefix_len;

	while (n > 0 && w->prefix[n - 1] == ' ')
		n--;
	return n;
}

static void
line_begin(struct writer *w)
{
	size_t n = w->lead_len > 0 ? w->lead_at : w->prefix_len;

	text_add_bytes(w->out, w->prefix, n);
	text_add_bytes(w->out, w->lead, w->lead_len);
	w->lead_len = 0;
	w->place = (struct markdown_place){ 0 };
	w->last = '\n';
	w->ticks = 0;
}

static void
due_write(struct writer *w)
{
	enum writer_break due = w->due;

	w->due = BREAK_NONE;
	if (w->out->len == 0) {
		line_begin(w);
	} else if (due != BREAK_NONE) {
		text_add(w->out, due == BREAK_LINE ? "  \n" : "\n");
		if (due == BREAK_BLOCK) {
			text_add_bytes(w->out, w->prefix, prefix_trimmed(w));
			text_add(w->out, "\n");
		}
		line_begin(w);
	} else if (w->cell) {
		text_add(w->out, " | ");
		w->last = ' ';
	} else if (w->space) {
		text_add(w->out, " ");
		w->last = ' ';
	}
	w->space = w->cell = 0;
}

void
writer_break(struct writer *w, enum writer_break due)
{
	if (w->pre)
		return;
	for (size_t i = w->mark_count; i-- > 0;) {
		struct writer_mark *m = &w->marks[i];

		if (!m->open)
			continue;
		m->open = 0;
		if (m->url != NULL) {
			text_add(w->out, "](");
			text_add(w->out, m->url);
			text_add(w->out, ")");
		} else {
			text_add(w->out, m->mark);
		}
	}
	w->space = w->cell = 0;
	/* two line breaks are an empty line */
	if (due == BREAK_LINE && w->due >= BREAK_LINE)
		return;
	if (due > w->due)
		w->due = due;
}

void
writer_space(struct writer *w)
{
	w->space = w->due == BREAK_NONE && w->out->len > 0;
}

void
writer_cell(struct writer *w)
{
	w->cell = w->due == BREAK_NONE && w->out->len > 0;
}

/* ---- words ---- */

static void
marks_open(struct writer *w)
{
	for (size_t i = 0; i < w->mark_count; i++) {
		if (w->marks[i].open)
			continue;
		/* "!" and a link would be an image */
		if (w->marks[i].url != NULL && w->last == '!')
			text_add(w->out, " ");
		text_add(w->out, w->marks[i].mark);
		w->marks[i].open = 1;
		w->last = 0;
		w->place.inside = 1;
	}
}

/* In code nothing is escaped: what could be read as HTML or an image by who
 * does not see the code around it gets a blank in its middle. */
static void
code_character(struct writer *w, uint32_t c)
{
	int letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

	if ((w->last == '!' && c == '[') ||
	    (w->last == '<' && (letter || c == '/' || c == '!' || c == '?')))
		text_add(w->out, " ");
	w->ticks = c == '`' ? w->ticks + 1 : 0;
	if (c == '`' && (!w->pre || w->ticks > 2))
		c = '\'';
	text_add_character(w->out, c);
	w->last = c;
}

static void
pre_character(struct writer *w, uint32_t c)
{
	if (c == '\n') {
		text_add(w->out, "\n");
		line_begin(w);
		return;
	}
	if (w->last == '\n' && c == '+')
		text_add(w->out, " ");	/* no end of a folded section */
	code_character(w, c);
}

void
writer_character(struct writer *w, uint32_t c)
{
	if (c == '\t')
		c = ' ';
	if (utf8_is_hidden(c) && !(w->pre && c == '\n'))
		return;
	if (w->pre) {
		pre_character(w, c);
		return;
	}
	due_write(w);
	marks_open(w);
	if (w->code) {
		code_character(w, c);
		return;
	}
	markdown_add_character(w->out, &w->place, c);
	w->last = c;
}

void
writer_rule(struct writer *w)
{
	writer_break(w, BREAK_BLOCK);
	if (w->pre || w->out->len == 0)
		return;
	due_write(w);
	text_add(w->out, "---");
	writer_break(w, BREAK_BLOCK);
}

/* ---- marks ---- */

int
writer_mark(struct writer *w, const char *mark, const char *url)
{
	if (w->mark_count >= WRITER_MARKS_MAX || w->pre || w->code)
		return 0;
	w->marks[w->mark_count++] = (struct writer_mark){ .mark = mark, .url = url };
	w->code = mark[0] == '`';
	return 1;
}

void
writer_mark_end(struct writer *w)
{
	struct writer_mark *m = &w->marks[w->mark_count - 1];

	if (m->open && m->url != NULL) {
		text_add(w->out, "](");
		text_add(w->out, m->url);
		text_add(w->out, ")");
	} else if (m->open) {
		text_add(w->out, m->mark);
	}
	w->last = m->open ? 0 : w->last;
	if (m->mark[0] == '`')
		w->code = 0;
	w->mark_count--;
}

/* ---- blocks ---- */

struct writer_level
writer_enter(struct writer *w, const char *lead, const char *prefix)
{
	struct writer_level level = { w->prefix_len, w->lead_len };
	size_t n = strlen(prefix), m = strlen(lead);

	if (w->pre || w->prefix_len + n > WRITER_PREFIX_MAX ||
	    w->lead_len + m > WRITER_PREFIX_MAX)
		return level;	/* so deep it is shown flat */
	if (w->lead_len == 0)
		w->lead_at = w->prefix_len;
	memcpy(w->lead + w->lead_len, lead, m);
	w->lead_len += m;
	memcpy(w->prefix + w->prefix_len, prefix, n);
	w->prefix_len += n;
	return level;
}

void
writer_leave(struct writer *w, struct writer_level level)
{
	w->prefix_len = level.prefix_len;
	if (w->lead_len > level.lead_len)
		w->lead_len = level.lead_len;
}

void
writer_pre(struct writer *w)
{
	writer_break(w, BREAK_BLOCK);
	due_write(w);
	text_add(w->out, fence_begin);
	if (w->out->cut)
		return;
	line_begin(w);
	w->pre = 1;
}

/* A text that is cut keeps its fence until there is room to close it. */
void
writer_pre_end(struct writer *w)
{
	if (!w->pre || w->out->cut)
		return;
	w->pre = 0;
	if (w->last != '\n') {
		text_add(w->out, "\n");
		line_begin(w);
	}
	text_add(w->out, fence_end);
	w->last = 0;
	writer_break(w, BREAK_BLOCK);
}

void
writer_fini(struct writer *w)
{
	int cut = w->out->cut;

	w->out->cap += END_ROOM;
	while (!cut && w->mark_count > 0)
		writer_mark_end(w);
	w->out->cut = 0;
	if (w->pre && cut)
		text_add(w->out, fence_cut);
	else
		writer_pre_end(w);
	w->out->cut |= cut;
}
