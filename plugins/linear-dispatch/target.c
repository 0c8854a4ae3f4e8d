/* SPDX-License-Identifier: BSD-2-Clause */
/* Which issue: by the thread of the mail, or by its subject. */
#include "target.h"

#include <stdio.h>
#include <string.h>

#include "uuid.h"

enum { TEAM_KEY_MAX = 7, NUMBER_MAX = 9, IDENTIFIER_SIZE = 18, REFERENCES_MAX = 3 };

/* What issue(id:) takes, a UUID or "ENG-12", the surest first. */
struct target {
	struct run *run;
	char uuid[UUID_SIZE], named[IDENTIFIER_SIZE];
	const char *references[REFERENCES_MAX];
	size_t count;
};

/* ---- by its subject ---- */

static int
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int
is_word(char c)
{
	return is_upper(c) || is_digit(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '-' ||
	    (unsigned char)c >= 0x80;
}

/* Bytes of "ENG-12" at the start; 0: there is none. */
static size_t
identifier_read(struct mt_span s)
{
	size_t n = 0, digits;

	while (n < s.len && (is_upper(s.ptr[n]) || (n > 0 && is_digit(s.ptr[n]))))
		n++;
	if (n == 0 || n > TEAM_KEY_MAX || n + 1 >= s.len || s.ptr[n] != '-' ||
	    s.ptr[n + 1] == '0')
		return 0;
	for (digits = 0; n + 1 + digits < s.len && is_digit(s.ptr[n + 1 + digits]); digits++)
		;
	n += 1 + digits;
	return digits > 0 && digits <= NUMBER_MAX && (n == s.len || !is_word(s.ptr[n])) ? n : 0;
}

static int
identifier_find(struct mt_span subject, char out[IDENTIFIER_SIZE])
{
	for (size_t i = 0; i < subject.len; i++) {
		size_t n = i > 0 && is_word(subject.ptr[i - 1]) ? 0 :
		    identifier_read((struct mt_span){ subject.ptr + i, subject.len - i });

		if (n > 0) {
			snprintf(out, IDENTIFIER_SIZE, "%.*s", (int)n, subject.ptr + i);
			return 1;
		}
	}
	return 0;
}

/* ---- all that may be it ---- */

static void
reference_add(struct target *t, const char *reference)
{
	t->references[t->count++] = reference;
}

/* A thread that began with a change made no issue: its resource is the one
 * that was changed. */
static int
references_find(struct target *t, struct mt_span subject)
{
	struct mt_thread thread = { .size = sizeof(thread) };

	if (t->run->host->thread(t->run->msg, &thread) == 0) {
		if (uuid_of_key(thread.key.ptr, thread.key.len, t->uuid) != 0)
			return -1;
		reference_add(t, t->uuid);
		if (thread.resource_id.len > 0)
			reference_add(t, run_string(t->run, thread.resource_id));
	}
	if (identifier_find(subject, t->named))
		reference_add(t, t->named);
	return 0;
}

static int
is_named(const struct target *t, size_t i)
{
	return t->references[i] == t->named;
}

static int
end_absent(const struct target *t)
{
	struct run *r = t->run;

	if (t->count == 0)
		return run_end(r, MT_FAILED, "linear.thread", "the mail names no issue: "
		    "answer the mail it was made of, or write ENG-123 in the subject");
	if (!is_named(t, t->count - 1))
		return run_end(r, MT_FAILED, "linear.thread",
		    "the issue this mail answers is not in Linear; write a new mail");
	return run_end(r, MT_FAILED, "linear.thread", run_printf(r,
	    "there is no issue %s in a team this address serves", t->named));
}

/* An issue is moved to another team at any time; this stage writes to its own. */
static int
is_ours(const struct run *r, const struct answer *issue)
{
	const char *key = answer_string(issue, "issue/team/key");
	const char *team = r->host->conf_str(r->conf, "team");
	const char *const *teams = r->host->conf_list(r->conf, "teams");

	if (key != NULL && team != NULL && strcmp(key, team) == 0)
		return 1;
	for (size_t i = 0; key != NULL && teams != NULL && teams[i] != NULL; i++)
		if (strcmp(key, teams[i]) == 0)
			return 1;
	return 0;
}

/* Whether there is one of that name in a team of others is nobody's business:
 * only an answer to it is told. */
static int
end_theirs(const struct target *t, size_t i)
{
	if (is_named(t, i))
		return end_absent(t);
	return run_end(t->run, MT_FAILED, "linear.team", "the issue this mail answers is in a "
	    "team this address does not serve; see the options team and teams");
}

int
target_find(struct run *r, struct mt_span subject, const struct answer **issue, int *status)
{
	struct target t = { .run = r };
	size_t i;

	*status = references_find(&t, subject);
	if (*status != 0)
		return 1;
	for (i = 0; i < t.count; i++) {
		*status = run_ask(r, &query_issue_before, json_pack("{s:s}", "id",
		    t.references[i]), issue);
		if (*status != 0)
			return 1;
		if (!run_is_absent(*issue, "issue"))
			break;
	}
	if (i == t.count)
		*status = end_absent(&t);
	else if ((*issue)->kind == ANSWER_DATA && !is_ours(r, *issue))
		*status = end_theirs(&t, i);
	else if (answer_string(*issue, "issue/id") != NULL && run_name_issue(r, *issue, "issue"))
		return 0;
	else
		*status = run_end_failed(r, *issue);
	return 1;
}
