/* SPDX-License-Identifier: BSD-2-Clause */
/* Tags and commands. */
#include "wish.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../common/field.h"
#include "../common/text.h"
#include "due.h"

static const char *const priorities[] = { "none", "urgent", "high", "medium", "low" };

/* Words that choose an intent (mailtri.conf(5)): no labels. */
static const char *const intents[] = { "task", "create", "invoice", "update", "edit",
	"summary", "export", "approve", "delete", "archive" };

static int take_label(struct wish *, enum wish_noun, struct mt_span);
static int take_name(struct wish *, enum wish_noun, struct mt_span);
static int take_priority(struct wish *, enum wish_noun, struct mt_span);
static int take_due(struct wish *, enum wish_noun, struct mt_span);
static int take_team(struct wish *, enum wish_noun, struct mt_span);

static const struct verb {
	const char *tag;	/* what a word of a subject begins with */
	const char *command;	/* first word of a line */
	enum wish_noun noun;
	int (*take)(struct wish *, enum wish_noun, struct mt_span);	/* 0: it is text */
} verbs[] = {
	{ "#", "/label", WISH_LABEL, take_label },
	{ "!", "/priority", WISH_PRIORITY, take_priority },
	{ "@", "/assign", WISH_ASSIGNEE, take_name },
	{ "due:", "/due", WISH_DUE, take_due },
	{ "project:", "/project", WISH_PROJECT, take_name },
	{ "state:", "/state", WISH_STATE, take_name },
	{ "team:", "/team", WISH_TEAM, take_team },
};
enum { VERBS = sizeof(verbs) / sizeof(*verbs) };

void
wish_init(struct wish *w, const struct run *r)
{
	struct mt_intent intent = { .size = sizeof(intent) };

	*w = (struct wish){ .run = r, .verb = { "", 0 } };
	if (r->out != NULL && r->host->intent(r->msg, &intent) == 0)
		w->verb = intent.verb;
}

/* ---- values ---- */

/* NULL: nothing is left of it, or it is too long. */
static const char *
name_copy(const struct wish *w, struct mt_span s)
{
	struct text t = { .cap = 3 * WISH_NAME_MAX };

	s = field_trim(s);
	if (s.len == 0 || s.len > WISH_NAME_MAX)
		return NULL;
	t.ptr = w->run->host->alloc(w->run->msg, t.cap + 1);
	text_add_line(&t, s, WISH_NAME_MAX, text_add_character);
	t.ptr[t.len] = '\0';
	return t.len == 0 ? NULL : t.ptr;
}

static int
set(struct wish *w, enum wish_noun noun, const char *text)
{
	if (text != NULL)
		w->one[noun] = (struct wish_name){ .text = text, .by_mail = 1 };
	return text != NULL;
}

static int
take_name(struct wish *w, enum wish_noun noun, struct mt_span s)
{
	return set(w, noun, name_copy(w, s));
}

static int
take_priority(struct wish *w, enum wish_noun noun, struct mt_span s)
{
	for (size_t i = 0; i < sizeof(priorities) / sizeof(*priorities); i++)
		if (s.len == strlen(priorities[i]) &&
		    strncasecmp(s.ptr, priorities[i], s.len) == 0)
			return set(w, noun, priorities[i]);
	return 0;
}

static int
take_due(struct wish *w, enum wish_noun noun, struct mt_span s)
{
	char *day = w->run->host->alloc(w->run->msg, DUE_SIZE);

	return due_parse(s, w->run->host->now(w->run->msg), day) == 0 && set(w, noun, day);
}

/* Where no team may be chosen this is no word of ours. */
static int
take_team(struct wish *w, enum wish_noun noun, struct mt_span s)
{
	const char *const *teams = w->run->host->conf_list(w->run->conf, "teams");
	const char *name = name_copy(w, s);

	if (teams == NULL || teams[0] == NULL || name == NULL)
		return 0;
	for (size_t i = 0; teams[i] != NULL; i++)
		if (strcasecmp(teams[i], name) == 0) {
			w->refused_team = NULL;
			return set(w, noun, teams[i]);
		}
	w->refused_team = name;
	return 1;
}

static int
label_add(struct wish *w, const char *name, int by_mail)
{
	for (size_t i = 0; i < w->label_count; i++)
		if (strcasecmp(w->labels[i].text, name) == 0)
			return 1;
	if (w->label_count >= WISH_LABELS_MAX)
		return 0;
	w->labels[w->label_count++] = (struct wish_name){ .text = name, .by_mail = by_mail };
	return 1;
}

/* "a, b": all of them or none. */
static int
take_label(struct wish *w, enum wish_noun noun, struct mt_span s)
{
	size_t before = w->label_count;

	(void)noun;
	while (s.len > 0) {
		const char *comma = memchr(s.ptr, ',', s.len);
		size_t n = comma == NULL ? s.len : (size_t)(comma - s.ptr);
		const char *name = name_copy(w, (struct mt_span){ s.ptr, n });

		if (name == NULL || !label_add(w, name, 1)) {
			w->label_count = before;
			return 0;
		}
		n += comma != NULL;
		s = (struct mt_span){ s.ptr + n, s.len - n };
	}
	return 1;
}

/* ---- options ---- */

static void
option_set(struct wish *w, enum wish_noun noun, const char *text)
{
	if (text != NULL && text[0] != '\0')
		w->one[noun] = (struct wish_name){ .text = text };
}

void
wish_options(struct wish *w)
{
	static const struct { const char *option; enum wish_noun noun; } one[] = {
		{ "team", WISH_TEAM }, { "state", WISH_STATE }, { "assignee", WISH_ASSIGNEE },
		{ "project", WISH_PROJECT }, { "priority", WISH_PRIORITY } };
	const struct mt_host *h = w->run->host;
	const char *const *labels = h->conf_list(w->run->conf, "labels");
	const char *due = h->conf_str(w->run->conf, "due");

	for (size_t i = 0; i < sizeof(one) / sizeof(*one); i++)
		option_set(w, one[i].noun, h->conf_str(w->run->conf, one[i].option));
	for (size_t i = 0; labels != NULL && labels[i] != NULL; i++)
		label_add(w, labels[i], 0);
	if (due != NULL && take_due(w, WISH_DUE, (struct mt_span){ due, strlen(due) }))
		w->one[WISH_DUE].by_mail = 0;
}

/* ---- subject ---- */

static int
is_intent(const struct wish *w, struct mt_span word)
{
	if (word.len == w->verb.len && strncasecmp(word.ptr, w->verb.ptr, word.len) == 0)
		return 1;
	for (size_t i = 0; i < sizeof(intents) / sizeof(*intents); i++)
		if (word.len == strlen(intents[i]) &&
		    strncasecmp(word.ptr, intents[i], word.len) == 0)
			return 1;
	return 0;
}

static int
is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    (unsigned char)c >= 0x80 || (c != '\0' && strchr("_-./+@&", c) != NULL);
}

/* Bytes of a value, up to a blank: a word, or anything in quotation marks. */
static size_t
value_read(struct mt_span s, struct mt_span *value)
{
	int quoted = s.len > 0 && s.ptr[0] == '"';
	size_t n = (size_t)quoted;

	while (n < s.len && (quoted ? s.ptr[n] != '"' : is_bare(s.ptr[n])))
		n++;
	*value = (struct mt_span){ s.ptr + quoted, n - (size_t)quoted };
	if (quoted && n == s.len)
		return 0;
	n += (size_t)quoted;
	return value->len > 0 && (n == s.len || field_is_blank(s.ptr[n])) &&
	    value->ptr[value->len - 1] != '.' ? n : 0;
}

static int
is_number(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return 0;
	return 1;
}

static int
tag_take(struct wish *w, const struct verb *v, struct mt_span value)
{
	if (v->noun != WISH_LABEL)
		return v->take(w, v->noun, value);
	if (is_number(value) || memchr(value.ptr, ',', value.len) != NULL)
		return 0;	/* "#12" names something else */
	return is_intent(w, value) || v->take(w, v->noun, value);
}

/* Bytes of the tag `s' begins with; 0: it does not. */
static size_t
tag_read(struct wish *w, struct mt_span s)
{
	for (size_t i = 0; i < VERBS; i++) {
		size_t mark = strlen(verbs[i].tag), n;
		struct mt_span value;

		if (s.len <= mark || strncasecmp(s.ptr, verbs[i].tag, mark) != 0)
			continue;
		n = value_read((struct mt_span){ s.ptr + mark, s.len - mark }, &value);
		return n > 0 && tag_take(w, &verbs[i], value) ? mark + n : 0;
	}
	return 0;
}

struct mt_span
wish_subject(struct wish *w, struct mt_span s)
{
	char *rest = w->run->host->alloc(w->run->msg, s.len + 1);
	size_t len = 0, n;

	for (size_t at = 0; at < s.len; at += n) {
		n = tag_read(w, (struct mt_span){ s.ptr + at, s.len - at });
		if (n > 0)
			continue;
		for (n = 0; at + n < s.len && field_is_blank(s.ptr[at + n]); n++)
			rest[len++] = ' ';
		if (n > 0)
			continue;
		for (; at + n < s.len && !field_is_blank(s.ptr[at + n]); n++)
			rest[len++] = s.ptr[at + n];
	}
	return (struct mt_span){ rest, len };
}

/* ---- text ---- */

/* 1: the line was for us. */
static int
line_take(struct wish *w, struct mt_span line)
{
	if (line.ptr[0] == '#')
		return is_intent(w, (struct mt_span){ line.ptr + 1, line.len - 1 });
	for (size_t i = 0; i < VERBS; i++) {
		size_t n = strlen(verbs[i].command);

		if (line.len > n && field_is_blank(line.ptr[n]) &&
		    strncasecmp(line.ptr, verbs[i].command, n) == 0)
			return verbs[i].take(w, verbs[i].noun,
			    field_trim((struct mt_span){ line.ptr + n, line.len - n }));
	}
	return 0;
}

/* A line of Markdown as its author typed it. */
static struct mt_span
line_plain(const struct wish *w, struct mt_span line)
{
	char *plain = w->run->host->alloc(w->run->msg, line.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < line.len; i++) {
		if (line.ptr[i] == '\\' && i + 1 < line.len)
			i++;
		plain[n++] = line.ptr[i];
	}
	return (struct mt_span){ plain, n };
}

struct mt_span
wish_text(struct wish *w, struct mt_span text, int markdown)
{
	size_t rest = 0, lines = 0;

	for (size_t at = 0; at < text.len;) {
		const char *end = memchr(text.ptr + at, '\n', text.len - at);
		size_t n = end == NULL ? text.len - at : (size_t)(end - text.ptr) - at;
		struct mt_span line = field_trim((struct mt_span){ text.ptr + at, n });

		if (line.len > 0) {
			if (lines >= WISH_LINES_MAX || line.len > 4 * WISH_NAME_MAX)
				break;
			line = markdown ? line_plain(w, line) : line;
			if (line.len == 0 || !line_take(w, line))
				break;
			lines++;
		}
		at += n + (end != NULL);
		rest = lines > 0 ? at : 0;
	}
	return (struct mt_span){ text.ptr + rest, text.len - rest };
}

/* ---- reading it ---- */

int
wish_priority(const struct wish *w)
{
	for (size_t i = 0; i < sizeof(priorities) / sizeof(*priorities); i++)
		if (w->one[WISH_PRIORITY].text != NULL &&
		    strcmp(w->one[WISH_PRIORITY].text, priorities[i]) == 0)
			return (int)i;
	return -1;
}

int
wish_is_empty(const struct wish *w)
{
	for (size_t i = 0; i < WISH_LABEL; i++)
		if (w->one[i].text != NULL)
			return 0;
	return w->label_count == 0 && w->refused_team == NULL;
}
