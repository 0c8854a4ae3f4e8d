/* SPDX-License-Identifier: BSD-2-Clause */
/* From a mail to the words of an issue. */
#include "issue.h"

#include <string.h>

#include "author.h"
#include "markdown.h"

enum { FOOTER_MAX = 8 * 1024, TITLE_BYTES_MAX = 4 * ISSUE_TITLE_UNITS_MAX };

static const char no_subject[] = "(no subject)", no_text[] = "(The mail has no text.)";
static const char too_long[] = "\n\n(The rest of the mail did not fit here.)";
static const char fold_begin[] = "+++ Quoted text\n\n", fold_end[] = "\n\n+++";

static struct text
text_new(const struct run *r, size_t cap)
{
	return (struct text){ .ptr = r->host->alloc(r->msg, cap), .cap = cap };
}

struct mt_span
issue_title(const struct run *r, struct mt_span subject)
{
	const char *prefix = r->host->conf_str(r->conf, "title_prefix");
	struct text t = text_new(r, TITLE_BYTES_MAX);
	size_t room = ISSUE_TITLE_UNITS_MAX, before;

	if (prefix != NULL && prefix[0] != '\0') {
		text_add_line(&t, (struct mt_span){ prefix, strlen(prefix) },
		    ISSUE_PREFIX_UNITS_MAX, text_add_character);
		text_add(&t, " ");
		room -= ISSUE_PREFIX_UNITS_MAX + 1;
	}
	before = t.len;
	text_add_line(&t, subject, room, text_add_character);
	if (t.len == before)
		text_add(&t, no_subject);
	return (struct mt_span){ t.ptr, t.len };
}

static void
footer_line(struct text *t, const char *what, const struct text *names)
{
	if (names == NULL || names->len == 0)
		return;
	text_add(t, "  \n");
	text_add(t, what);
	text_add_bytes(t, names->ptr, names->len);
}

static void
footer_add(const struct run *r, const struct files *fs, const struct text *missing,
    struct text *t)
{
	struct mt_span from = author_mailbox(r);
	const char *event = r->host->event(r->msg);

	text_add(t, "\n\n---\nFrom ");
	markdown_add(t, from.len > 0 ? from : (struct mt_span){ "an unnamed sender", 17 });
	text_add(t, " by mail, ");
	markdown_add(t, (struct mt_span){ event, strlen(event) });
	footer_line(t, "Not found in Linear: ", missing);
	footer_line(t, fs->uploads ? "Not uploaded: " : "Attachments: ", &fs->left);
}

static void
blank_end_cut(struct text *t, size_t least)
{
	while (t->len > least && strchr(" \n", t->ptr[t->len - 1]) != NULL)
		t->len--;
}

/* Without the empty lines in front. */
static struct mt_span
trimmed(struct mt_span s)
{
	size_t start = 0;

	for (size_t i = 0; i < s.len && s.ptr[i] != '\0' &&
	    strchr(" \t\r\n", s.ptr[i]) != NULL; i++)
		if (s.ptr[i] == '\n')
			start = i + 1;
	return (struct mt_span){ s.ptr + start, s.len - start };
}

static void
words_add(struct text *t, struct mt_span s, int markdown)
{
	s = trimmed(s);
	if (markdown)	/* BODY_MARKDOWN_MAX: it fits */
		text_add_bytes(t, s.ptr, s.len);
	else
		markdown_add(t, s);
}

/* What it answers, in a section that is closed until somebody opens it. */
static void
tail_add(struct text *t, const struct body *b)
{
	const size_t around = sizeof(fold_begin) + sizeof(fold_end);
	size_t before = t->len, start;

	if (body_is_blank(b->tail) || t->cut)
		return;
	if (t->cap - t->len < around) {
		t->cut = 1;
		return;
	}
	text_add(t, before > 0 ? "\n\n" : "");
	text_add(t, fold_begin);
	start = t->len;
	t->cap -= sizeof(fold_end);
	words_add(t, b->tail, b->markdown);
	t->cap += sizeof(fold_end);
	blank_end_cut(t, start);
	if (t->len == start) {	/* nothing of it fits */
		t->len = before;
		return;
	}
	memcpy(t->ptr + t->len, fold_end, sizeof(fold_end) - 1);
	t->len += sizeof(fold_end) - 1;
}

struct mt_span
issue_text(const struct run *r, const struct body *b, const struct files *fs,
    const struct text *missing)
{
	struct text t = text_new(r, ISSUE_TEXT_MAX), footer = text_new(r, FOOTER_MAX);

	footer_add(r, fs, missing, &footer);
	t.cap -= footer.len + sizeof(too_long);
	words_add(&t, b->words, b->markdown);
	blank_end_cut(&t, 0);
	if (t.len == 0 && body_is_blank(b->tail))
		text_add(&t, no_text);
	tail_add(&t, b);
	t.cap = ISSUE_TEXT_MAX;
	if (t.cut || b->cut) {
		t.cut = 0;
		text_add(&t, too_long);
	}
	text_add_bytes(&t, footer.ptr, footer.len);
	return (struct mt_span){ t.ptr, t.len };
}
