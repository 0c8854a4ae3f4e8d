/* SPDX-License-Identifier: BSD-2-Clause */
/* Intents from recipient, hashtags and commands in the text. */
#include "pipeline/intent.h"

#include <ctype.h>
#include <errno.h>

/* A word, and the verbs ("verb_noun" is an intent) it may stand for. */
static const struct {
	const char *word;
	const char *verbs[4];
} words[] = {
	{ "task", { "create" } },
	{ "create", { "create" } },
	{ "invoice", { "book", "create", "post" } },
	{ "update", { "update", "edit" } },
	{ "edit", { "edit", "update" } },
	{ "summary", { "summarize", "summary" } },
	{ "export", { "export" } },
	{ "approve", { "approve" } },
	{ "delete", { "delete", "archive" } },
};

static const struct {
	const char *verb;
	uint32_t cls;
} classes[] = {
	{ "read", MT_READ }, { "summarize", MT_READ }, { "summary", MT_READ },
	{ "export", MT_READ }, { "create", MT_CREATE }, { "book", MT_CREATE },
	{ "post", MT_CREATE }, { "update", MT_MODIFY }, { "edit", MT_MODIFY },
	{ "approve", MT_APPROVE }, { "delete", MT_APPROVE },
	{ "archive", MT_APPROVE },
};

static size_t
verb_length(const char *intent)
{
	return strcspn(intent, "_");
}

uint32_t
intent_class(const char *intent)
{
	size_t n = verb_length(intent);

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strlen(classes[i].verb) == n &&
		    memcmp(classes[i].verb, intent, n) == 0)
			return classes[i].cls;
	return MT_APPROVE;	/* a verb nobody knows may do anything */
}

static bool
has_verb(const char *intent, const char *verb)
{
	size_t n = verb_length(intent);

	return strlen(verb) == n && memcmp(intent, verb, n) == 0;
}

/* Index of the route's intent that this word selects; -1: none. */
static int
select_intent(const struct setting_route *r, struct mt_span word)
{
	for (size_t i = 0; i < r->intent_count; i++)
		if (span_is_nocase(word, r->intents[i]))
			return (int)i;
	for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
		if (!span_is_nocase(word, words[w].word))
			continue;
		for (size_t v = 0; v < 4 && words[w].verbs[v] != NULL; v++)
			for (size_t i = 0; i < r->intent_count; i++)
				if (has_verb(r->intents[i], words[w].verbs[v]))
					return (int)i;
	}
	return -1;
}

static struct mt_span
word_at(struct mt_span s, size_t at)
{
	size_t n = 0;

	while (at + n < s.len && n <= INTENT_WORD_MAX &&
	    (isalnum((unsigned char)s.ptr[at + n]) || s.ptr[at + n] == '_'))
		n++;
	return span_make(s.ptr + at, n);
}

/* 0 or EINVAL; *chosen is -1 before the first word that selects. */
static int
choose(const struct setting_route *r, struct mt_span word, int *chosen)
{
	int i = select_intent(r, word);

	if (i < 0)
		return 0;
	if (*chosen >= 0 && *chosen != i)
		return EINVAL;
	*chosen = i;
	return 0;
}

static int
choose_in_subject(const struct setting_route *r, struct mt_span s, int *chosen)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '#' &&
		    (i == 0 || isspace((unsigned char)s.ptr[i - 1])) &&
		    choose(r, word_at(s, i + 1), chosen) != 0)
			return EINVAL;
	return 0;
}

/* "-- " and nothing else: more on the line is a list entry or an aside. */
static bool
ends_text(struct mt_span line)
{
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return span_is(line, "-- ");
}

/* Lines that begin with "#word", up to the signature (RFC 3676 4.3). */
static int
choose_in_text(const struct setting_route *r, struct mt_span s, int *chosen)
{
	size_t at = 0;

	if (s.len > INTENT_TEXT_MAX)
		s.len = INTENT_TEXT_MAX;
	while (at < s.len) {
		const char *end = memchr(s.ptr + at, '\n', s.len - at);
		size_t len = end == NULL ? s.len - at : (size_t)(end - s.ptr) - at;

		if (ends_text(span_make(s.ptr + at, len)))
			break;
		if (len > 1 && s.ptr[at] == '#' &&
		    choose(r, word_at(s, at + 1), chosen) != 0)
			return EINVAL;
		at += len + 1;
	}
	return 0;
}

int
intent_find(const struct setting_route *r, struct mt_span subject,
    struct mt_span text, struct call_intent *out)
{
	int chosen = -1;

	*out = (struct call_intent){ .route = span_of(r->address),
		.target = span_of(r->target), .params = SPAN("{}") };
	if (choose_in_subject(r, subject, &chosen) != 0 ||
	    choose_in_text(r, text, &chosen) != 0)
		return EINVAL;
	if (r->intent_count == 0)
		return 0;
	if (chosen < 0)
		chosen = 0;
	out->verb = span_of(r->intents[chosen]);
	out->cls = intent_class(r->intents[chosen]);
	return 0;
}
