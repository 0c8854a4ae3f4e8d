/* SPDX-License-Identifier: BSD-2-Clause */
/* A mail changes an issue, or archives it: the one its thread began with, or
 * the one its subject names. */
#include "act.h"

#include "issue.h"
#include "lookup.h"
#include "target.h"
#include "upload.h"

struct update {
	struct run *run;
	struct wish wish;
	struct body body;
	struct files files;
	const struct answer *issue;
};

/* ---- changing it ---- */

static int
end_updated(struct update *u)
{
	return upload_run(u->run, &u->files, answer_string(u->issue, "issue/id"));
}

static int
is_commented(const struct update *u, const struct lookup *l)
{
	return !body_is_blank(u->body.words) || l->missing.len > 0;
}

/* What else the mail says, and what could not be done. */
static int
comment_add(struct update *u, const struct lookup *l)
{
	struct run *r = u->run;
	const char *url;
	int status;

	run_end(r, MT_DELIVERED, "linear.updated", "");
	if (!is_commented(u, l))
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

/* Whoever commented had changed the issue: a change that is sent again undoes
 * what people did since. */
static int
change_once(struct update *u, const struct lookup *l)
{
	const struct answer *comment = NULL;
	int status;

	if (is_commented(u, l) && comment_find(u->run, &comment, &status) != 0)
		return status;
	return comment != NULL ? comment_add(u, l) : change(u, l);
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
	if (target_find(r, u.body.subject, &u.issue, &status) != 0)
		return status;
	team = answer_string(u.issue, "issue/team/key");
	status = lookup_ask(r, &u.wish, team == NULL ? "" : team, &a);
	if (status != 0)
		return status;
	if (a->kind != ANSWER_DATA)
		return run_end_failed(r, a);
	wrong = lookup_read(r, &u.wish, a, &l);
	return wrong != NULL ? run_end(r, MT_FAILED, "linear.lookup", wrong) :
	    change_once(&u, &l);
}

/* ---- archiving it ---- */

int
archive_run(struct run *r)
{
	struct update u = { .run = r };
	const struct answer *a;
	int status;

	body_read(r, &u.body);
	if (target_find(r, u.body.subject, &u.issue, &status) != 0)
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
