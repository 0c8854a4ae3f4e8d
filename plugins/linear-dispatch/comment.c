/* SPDX-License-Identifier: BSD-2-Clause */
/* A reply becomes a comment on the issue of its thread. */
#include "act.h"

#include <stdio.h>
#include <string.h>

#include "author.h"
#include "issue.h"
#include "target.h"
#include "upload.h"

static int
end_made(const struct run *r, int status, const struct answer *a, const char *path,
    const char **url)
{
	*url = answer_string(a, run_printf(r, "%s/url", path));
	return run_end(r, status, status == MT_DELIVERED ? "linear.commented" : "linear.exists",
	    "");
}

static int
comment_ask(struct run *r, const struct query *q, const char *id, const struct answer **a)
{
	return run_ask(r, q, json_pack("{s:s}", "id", id), a);
}

static int
is_there(const struct answer *a)
{
	return answer_string(a, "comment/id") != NULL;
}

static int
refusal_confirm(struct run *r, const char *id, const struct answer *refusal, const char **url)
{
	const struct answer *now;
	int status = comment_ask(r, &query_comment_after, id, &now);

	if (status != 0)
		return status;
	if (is_there(now))
		return end_made(r, MT_DUPLICATE, now, "comment", url);
	return run_end_failed(r, run_is_absent(now, "comment") ? refusal : now);
}

int
comment_find(struct run *r, const struct answer **there, int *status)
{
	char id[UUID_SIZE];
	const struct answer *a = NULL;

	*there = NULL;
	if (!r->again)
		return 0;
	*status = uuid_of_key(r->key, strlen(r->key), id) == 0 ?
	    comment_ask(r, &query_comment_before, id, &a) : -1;
	if (*status != 0)
		return 1;
	if (is_there(a))
		*there = a;
	else if (!run_is_absent(a, "comment")) {
		*status = run_end_failed(r, a);
		return 1;
	}
	return 0;
}

int
comment_make(struct run *r, const char *issue, struct mt_span text, const char **url)
{
	char id[UUID_SIZE];
	const struct answer *a;
	int status;

	if (comment_find(r, &a, &status) != 0)
		return status;
	if (a != NULL)
		return end_made(r, MT_DUPLICATE, a, "comment", url);
	if (uuid_of_key(r->key, strlen(r->key), id) != 0)
		return -1;
	status = author_ask(r, &query_comment, json_pack("{s:s, s:s, s:s%}", "id", id,
	    "issueId", issue, "body", text.ptr, text.len), &a);
	if (status != 0)
		return status;
	if (json_is_true(answer_find(a, "commentCreate/success")))
		return end_made(r, MT_DELIVERED, a, "commentCreate/comment", url);
	if (json_is_false(answer_find(a, "commentCreate/success")))
		return run_end(r, MT_FAILED, "linear.refused",
		    "Linear says the comment was not created, and not why");
	return a->kind == ANSWER_INVALID ? refusal_confirm(r, id, a, url) : run_end_failed(r, a);
}

int
comment_run(struct run *r)
{
	struct body body;
	struct files files;
	const struct answer *issue;
	const char *id, *url = NULL;
	int status;

	if (target_find(r, (struct mt_span){ "", 0 }, &issue, &status) != 0)
		return status;
	id = answer_string(issue, "issue/id");
	body_read(r, &body);
	files_read(r, &body, &files);
	status = comment_make(r, id, issue_text(r, &body, &files, NULL), &url);
	if (status != 0 || (r->out->status != MT_DELIVERED && r->out->status != MT_DUPLICATE))
		return status;
	if (url != NULL)
		snprintf(r->out->resource_url, sizeof(r->out->resource_url), "%s", url);
	return upload_run(r, &files, id);
}
