/* SPDX-License-Identifier: BSD-2-Clause */
/* The report on one mail. */
#include "ctl/report.h"

#include <stdlib.h>

#include "ctl/member.h"

static struct mt_span
span_trim(struct mt_span s)
{
	for (; s.len > 0 && *s.ptr == ' '; s.len--)
		s.ptr++;
	while (s.len > 0 && s.ptr[s.len - 1] == ' ')
		s.len--;
	return s;
}

/* "d=example.com; s=sel; ..." */
static json_t *
signature_new(const char *text)
{
	static const char *const names[] = { "d", "s", "a", "result", "why" };
	json_t *signature = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_object_set_new(signature, names[i], json_string(""));
	while (*text != '\0') {
		size_t len = strcspn(text, ";");
		const char *equals = memchr(text, '=', len);

		if (equals != NULL) {
			struct mt_span name = span_trim(span_make(text, (size_t)(equals - text)));
			struct mt_span value = span_trim(span_make(equals + 1,
			    len - (size_t)(equals + 1 - text)));

			json_object_setn_new(signature, name.ptr, name.len,
			    json_stringn(value.ptr, value.len));
		}
		text += len + (text[len] == ';');
	}
	return signature;
}

static json_t *
signatures_new(const json_t *facts)
{
	json_t *list = json_array();

	for (int i = 1; i <= REPORT_SIGNATURES_MAX; i++) {
		char key[32];
		const char *text;

		snprintf(key, sizeof(key), "auth.signature.%d", i);
		text = json_string_value(json_object_get(facts, key));
		if (text != NULL)
			json_array_append_new(list, signature_new(text));
	}
	return list;
}

json_t *
report_new(const json_t *said, json_t *id)
{
	static const char *const before[] = { "disposition", "smtp", "stage", "reason",
		"facts" };
	static const char *const after[] = { "checks", "dns_queries", "intent", "edits" };
	json_t *report, *rest;
	const char *name;

	if (!json_is_object(json_object_get(said, "facts")) ||
	    !json_is_string(json_object_get(said, "disposition")))
		return NULL;
	report = json_object();
	if (id != NULL)
		json_object_set(report, "id", id);
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		json_object_set(report, before[i], json_object_get(said, before[i]));
	json_object_set_new(report, "signatures",
	    signatures_new(json_object_get(said, "facts")));
	for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++)
		json_object_set(report, after[i], json_object_get(said, after[i]));
	json_object_foreach((json_t *)(uintptr_t)said, name, rest) {
		if (json_object_get(report, name) == NULL)
			json_object_set(report, name, rest);
	}
	return report;
}

static enum term_color
word_color(const char *word)
{
	static const struct { const char *word; enum term_color color; } colors[] = {
		{ "accepted", TERM_GOOD }, { "continue", TERM_GOOD }, { "pass", TERM_GOOD },
		{ "rejected", TERM_BAD }, { "reject", TERM_BAD }, { "fail", TERM_BAD },
		{ "failed", TERM_BAD }, { "permerror", TERM_BAD }, { "deferred", TERM_WARN },
		{ "tempfail", TERM_WARN }, { "temperror", TERM_WARN }, { "held", TERM_WARN },
		{ "quarantined", TERM_WARN }, { "softfail", TERM_WARN }, { "replay", TERM_BAD },
	};

	for (size_t i = 0; word != NULL && i < sizeof(colors) / sizeof(colors[0]); i++)
		if (strcmp(colors[i].word, word) == 0)
			return colors[i].color;
	return TERM_PLAIN;
}

static void
checks_print(const struct term *term, struct arena *arena, const json_t *checks)
{
	static const char *const headings[] = { "STAGE", "PHASE", "VERDICT", "REASON",
		"US", "TEXT" };
	struct table table;
	const json_t *check;
	size_t i;

	if (json_array_size(checks) == 0)
		return;
	table_init(&table, arena, headings, 6);
	json_array_foreach(checks, i, check) {
		const char *verdict = member_text(arena, check, "verdict");
		struct cell row[] = {
			{ member_text(arena, check, "stage"), TERM_PLAIN },
			{ member_text(arena, check, "phase"), TERM_PLAIN },
			{ verdict, word_color(verdict) },
			{ member_text(arena, check, "reason"), TERM_PLAIN },
			{ member_text(arena, check, "us"), TERM_DIM },
			{ member_text(arena, check, "text"), TERM_PLAIN },
		};

		table_add(&table, row);
	}
	table_print(&table, term);
	fputc('\n', term->out);
}

static void
facts_print(const struct term *term, struct arena *arena, const json_t *facts)
{
	static const char *const headings[] = { "FACT", "VALUE" };
	struct table table;
	const char *key;
	json_t *value;

	if (json_object_size(facts) == 0)
		return;
	table_init(&table, arena, headings, 2);
	json_object_foreach((json_t *)(uintptr_t)facts, key, value) {
		const char *text = member_text(arena, facts, key);
		struct cell row[] = { { term_text(arena, span_of(key)), TERM_PLAIN },
			{ text, word_color(text) } };

		table_add(&table, row);
	}
	table_print(&table, term);
	fputc('\n', term->out);
}

static void
intent_print(const struct term *term, struct arena *arena, const json_t *intent)
{
	const char *verb = member_text(arena, intent, "verb");

	if (verb == NULL)
		return;
	term_field(term, "intent", verb);
	term_field(term, "route", member_text(arena, intent, "route"));
	term_field(term, "target", member_text(arena, intent, "target"));
}

static void
client_print(const struct term *term, struct arena *arena, const json_t *client)
{
	const char *address = member_text(arena, client, "address");
	const char *helo = member_text(arena, client, "helo");
	const char *upstream = member_text(arena, client, "upstream");

	if (address == NULL)
		return;
	term_field(term, "client", helo == NULL || *helo == '\0' ? address :
	    arena_printf(arena, "%s (%s)", address, helo));
	if (upstream != NULL && *upstream != '\0')
		term_field(term, "upstream", upstream);
	term_field(term, "protocol", member_text(arena, client, "protocol"));
}

void
report_print(const struct term *term, const json_t *report)
{
	struct arena arena = { 0 };
	const json_t *smtp = json_object_get(report, "smtp");
	const char *disposition = member_text(&arena, report, "disposition");
	const char *reason = member_text(&arena, report, "reason");
	const char *stage = member_text(&arena, report, "stage");

	checks_print(term, &arena, json_object_get(report, "checks"));
	facts_print(term, &arena, json_object_get(report, "facts"));
	client_print(term, &arena, json_object_get(report, "client"));
	intent_print(term, &arena, json_object_get(report, "intent"));
	term_field(term, "dns queries", member_text(&arena, report, "dns_queries"));
	if (reason != NULL && *reason != '\0')
		term_field(term, "reason", stage == NULL || *stage == '\0' ? reason :
		    arena_printf(&arena, "%s (%s)", reason, stage));
	term_print(term, word_color(disposition), disposition == NULL ? "?" : disposition);
	fprintf(term->out, "  %s %s %s\n", member_text(&arena, smtp, "code"),
	    member_text(&arena, smtp, "enhanced"), member_text(&arena, smtp, "text"));
	arena_free(&arena);
}
