/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A mail becomes an issue.
 *
 * Exactly once: the issue's id is made from the idempotency key, so it is the
 * same at every attempt.  An attempt after the first asks for that id before
 * it creates; a create that is refused as invalid asks for it before it
 * believes the refusal, since the id may be what is invalid: taken, by us.
 */
#include "act.h"

#include <string.h>

#include "author.h"
#include "issue.h"
#include "lookup.h"
#include "upload.h"

struct create {
	struct run *run;
	struct wish wish;
	struct body body;
	struct files files;
	struct mt_span subject;	/* without tags */
	char id[UUID_SIZE];
	const struct answer *looked_up, *before;
};

static int
read_mail(struct create *c)
{
	wish_init(&c->wish, c->run);
	wish_options(&c->wish);
	body_read(c->run, &c->body);
	c->subject = wish_subject(&c->wish, c->body.subject);
	c->body.words = wish_text(&c->wish, c->body.words, c->body.markdown);
	files_read(c->run, &c->body, &c->files);
	return uuid_of_key(c->run->key, strlen(c->run->key), c->id);
}

static json_t *
input_make(const struct create *c, const struct lookup *l)
{
	struct mt_span title = issue_title(c->run, c->subject);
	struct mt_span text = issue_text(c->run, &c->body, &c->files, &l->missing);
	json_t *input = json_pack("{s:s, s:s, s:s%, s:s%}", "id", c->id, "teamId", l->team,
	    "title", title.ptr, title.len, "description", text.ptr, text.len);

	lookup_fill(l, &c->wish, "labelIds", input);
	return input;
}

static int
end_created(const struct create *c, int status)
{
	run_end(c->run, status, status == MT_DELIVERED ? "linear.created" : "linear.exists", "");
	return upload_run(c->run, &c->files, c->id);
}

/* The create was refused: is it because the issue is there? */
static int
refusal_confirm(const struct create *c, const struct answer *refusal)
{
	const struct answer *now;
	int status = run_ask(c->run, &query_issue_after, json_pack("{s:s}", "id", c->id), &now);

	if (status != 0)
		return status;
	if (run_name_issue(c->run, now, "issue"))
		return end_created(c, MT_DUPLICATE);
	return run_end_failed(c->run, run_is_absent(now, "issue") ? refusal : now);
}

static int
judge(const struct create *c, const struct answer *a)
{
	json_t *success = answer_find(a, "issueCreate/success");

	if (json_is_true(success) && run_name_issue(c->run, a, "issueCreate/issue"))
		return end_created(c, MT_DELIVERED);
	if (json_is_false(success))
		return run_end(c->run, MT_FAILED, "linear.refused", a->text[0] != '\0' ? a->text :
		    "Linear says the issue was not created, and not why");
	return a->kind == ANSWER_INVALID ? refusal_confirm(c, a) : run_end_failed(c->run, a);
}

static int
ask_all(struct create *c)
{
	struct run *r = c->run;
	int looked_up = lookup_ask(r, &c->wish, c->wish.one[WISH_TEAM].text, &c->looked_up);
	int before = r->again ? run_ask(r, &query_issue_before,
	    json_pack("{s:s}", "id", c->id), &c->before) : 0;

	return looked_up < 0 || before < 0 ? -1 : looked_up != 0 || before != 0 ? MT_WAIT : 0;
}

int
create_run(struct run *r)
{
	struct create c = { .run = r };
	struct lookup l;
	const struct answer *a;
	const char *wrong;
	int status;

	if (read_mail(&c) != 0)
		return -1;
	status = ask_all(&c);
	if (status != 0)
		return status;
	if (c.before != NULL && run_name_issue(r, c.before, "issue"))
		return end_created(&c, MT_DUPLICATE);
	if (c.before != NULL && !run_is_absent(c.before, "issue"))
		return run_end_failed(r, c.before);
	if (c.looked_up->kind != ANSWER_DATA)
		return run_end_failed(r, c.looked_up);
	wrong = lookup_read(r, &c.wish, c.looked_up, &l);
	if (wrong != NULL)
		return run_end(r, MT_FAILED, "linear.lookup", wrong);
	status = author_ask(r, &query_create, input_make(&c, &l), &a);
	return status != 0 ? status : judge(&c, a);
}
