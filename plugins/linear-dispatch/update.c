/* SPDX-License-Identifier: BSD-2-Clause */
/* A mail changes an issue, or archives it: the one its thread began with, or
 * the one its subject names. */
#include "act.h"

#include <stdio.h>
#include <string.h>

#include "issue.h"
#include "lookup.h"
#include "upload.h"

enum { TEAM_KEY_MAX = 7, NUMBER_MAX = 9, REFERENCE_SIZE = 40 };

struct update {
	struct run *run;
	struct wish wish;
	struct body body;
	struct files files;
	char reference[REFERENCE_SIZE];	/* the issue: a UUID or "ENG-12" */
	int by_thread;
	const struct answer *issue;
};

/* ---- which issue ---- */

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
identifier_find(struct mt_span subject, char out[REFERENCE_SIZE])
{
	for (size_t i = 0; i < subject.len; i++) {
		size_t n = i > 0 && is_word(subject.ptr[i - 1]) ? 0 :
		    identifier_read((struct mt_span){ subject.ptr + i, subject.len - i });

		if (n > 0) {
			snprintf(out, REFERENCE_SIZE, "%.*s", (int)n, subject.ptr + i);
			return 1;
		}
	}
	return 0;
}

static int
reference_find(struct update *u, struct mt_span subject)
{
	struct mt_thread thread = { .size = sizeof(thread) };

	u->by_thread = u->run->host->thread(u->run->msg, &thread) == 0 &&
	    uuid_of_key(thread.key.ptr, thread.key.len, u->reference) == 0;
	return u->by_thread || identifier_find(subject, u->reference);
}

/* An issue a stranger names must be of a team this stage may write to. */
static int
is_ours(const struct update *u)
{
	const struct run *r = u->run;
	const char *key = answer_string(u->issue, "issue/team/key");
	const char *team = r->host->conf_str(r->conf, "team");
	const char *const *teams = r->host->conf_list(r->conf, "teams");

	if (u->by_thread || (key != NULL && team != NULL && strcmp(key, team) == 0))
		return 1;
	for (size_t i = 0; key != NULL && teams != NULL && teams[i] != NULL; i++)
		if (strcmp(key, teams[i]) == 0)
			return 1;
	return 0;
}

/* 0: u->issue is there and may be changed; 1: the outcome is set; or MT_WAIT
 * and -1 as *status. */
static int
issue_find(struct update *u, int *status)
{
	struct run *r = u->run;

	if (!reference_find(u, u->body.subject)) {
		*status = run_end(r, MT_FAILED, "linear.thread", "the mail names no issue: "
		    "answer the mail it was made of, or write ENG-123 in the subject");
		return 1;
	}
	*status = run_ask(r, &query_issue_before, json_pack("{s:s}", "id", u->reference),
	    &u->issue);
	if (*status != 0)
		return 1;
	if (u->issue->kind == ANSWER_DATA && !run_is_absent(u->issue, "issue") && is_ours(u) &&
	    answer_string(u->issue, "issue/id") != NULL &&
	    run_name_issue(r, u->issue, "issue"))
		return 0;
	if (u->issue->kind == ANSWER_DATA || u->issue->kind == ANSWER_INVALID)
		*status = run_end(r, MT_FAILED, "linear.thread", u->by_thread ?
		    "the issue this mail answers is not in Linear" : run_printf(r,
		    "there is no issue %s in a team this address serves", u->reference));
	else
		*status = run_end_failed(r, u->issue);
	return 1;
}

/* ---- changing it ---- */

static int
end_updated(struct update *u)
{
	return upload_run(u->run, &u->files, answer_string(u->issue, "issue/id"));
}

/* What else the mail says, and what could not be done. */
static int
comment_add(struct update *u, const struct lookup *l)
{
	struct run *r = u->run;
	const char *url;
	int status;

	run_end(r, MT_DELIVERED, "linear.updated", "");
	if (body_is_blank(u->body.words) && l->missing.len == 0)
		return end_updated(u);
	status = comment_make(r, answer_string(u->issue, "issue/id"),
	    issue_text(r, &u->body, &u->files, &l->missing), &url);
	if (status != 0)
		return status;
	if (r->out->status != MT_DELIVERED && r->out->status != MT_DUPLICATE)
		return 0;
	run_end(r, r->out->status, "linear.updated", "");
	return end_updated(u);
}

static int
change(struct update *u, const struct lookup *l)
{
	struct run *r = u->run;
	const struct answer *a;
	json_t *input = json_object();
	int status;

	lookup_fill(l, &u->wish, "addedLabelIds", input);
	if (json_object_size(input) == 0) {
		json_decref(input);
		return run_end(r, MT_FAILED, "linear.lookup", run_printf(r,
		    "nothing was changed; not found: %.*s", (int)l->missing.len, l->missing.ptr));
	}
	status = run_ask(r, &query_update, json_pack("{s:s, s:o}", "id",
	    answer_string(u->issue, "issue/id"), "input", input), &a);
	if (status != 0)
		return status;
	if (json_is_true(answer_find(a, "issueUpdate/success")))
		return comment_add(u, l);
	if (json_is_false(answer_find(a, "issueUpdate/success")))
		return run_end(r, MT_FAILED, "linear.refused",
		    "Linear says the issue was not changed, and not why");
	return run_end_failed(r, a);
}

static void
read_mail(struct update *u)
{
	wish_init(&u->wish, u->run);
	body_read(u->run, &u->body);
	wish_subject(&u->wish, u->body.subject);
	u->body.words = wish_text(&u->wish, u->body.words, u->body.markdown);
	files_read(u->run, &u->body, &u->files);
}

int
update_run(struct run *r)
{
	struct update u = { .run = r };
	struct lookup l;
	const struct answer *a;
	const char *wrong, *team;
	int status;

	read_mail(&u);
	if (wish_is_empty(&u.wish))
		return run_end(r, MT_FAILED, "linear.update", "the mail says nothing to change: "
		    "begin it with lines such as /state Done or /assign ann@example.com");
	if (u.wish.one[WISH_TEAM].text != NULL || u.wish.refused_team != NULL)
		return run_end(r, MT_FAILED, "linear.update",
		    "an issue is not moved to another team by mail");
	if (issue_find(&u, &status) != 0)
		return status;
	team = answer_string(u.issue, "issue/team/key");
	status = lookup_ask(r, &u.wish, team == NULL ? "" : team, &a);
	if (status != 0)
		return status;
	if (a->kind != ANSWER_DATA)
		return run_end_failed(r, a);
	wrong = lookup_read(r, &u.wish, a, &l);
	return wrong != NULL ? run_end(r, MT_FAILED, "linear.lookup", wrong) : change(&u, &l);
}

/* ---- archiving it ---- */

int
archive_run(struct run *r)
{
	struct update u = { .run = r };
	const struct answer *a;
	int status;

	body_read(r, &u.body);
	if (issue_find(&u, &status) != 0)
		return status;
	if (answer_string(u.issue, "issue/archivedAt") != NULL)
		return run_end(r, MT_DUPLICATE, "linear.archived", "");
	status = run_ask(r, &query_archive, json_pack("{s:s}", "id",
	    answer_string(u.issue, "issue/id")), &a);
	if (status != 0)
		return status;
	if (json_is_true(answer_find(a, "issueArchive/success")))
		return run_end(r, MT_DELIVERED, "linear.archived", "");
	if (json_is_false(answer_find(a, "issueArchive/success")))
		return run_end(r, MT_FAILED, "linear.refused",
		    "Linear says the issue was not archived, and not why");
	return run_end_failed(r, a);
}
