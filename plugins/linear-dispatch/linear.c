/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage linear-dispatch: a mail becomes one issue in Linear.
 *
 * Exactly once: the issue's id is made from the idempotency key, so it is the
 * same at every attempt.  An attempt after the first asks for that id before
 * it creates; a create that is refused as invalid asks for it before it
 * believes the refusal, since the id may be what is invalid: taken, by us.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/word.h"
#include "answer.h"
#include "issue.h"
#include "query.h"

enum { TEAM_MAX = 32, ASSIGNEE_MAX = 320 };

static const char api_path[] = "/graphql";
static const char oauth_prefix[] = "lin_oauth_";

static const struct mt_option options[] = {
	{ .name = "endpoint", .type = MT_OPT_TARGET, .def = "https://api.linear.app",
	  .help = "Where Linear's API is." },
	{ .name = "api_key", .type = MT_OPT_SECRET, .flags = MT_REQUIRED,
	  .help = "A personal API key (lin_api_...) or an OAuth token (lin_oauth_...)." },
	{ .name = "team", .type = MT_OPT_STRING, .flags = MT_REQUIRED,
	  .help = "Key of the team that gets the issue: the ENG of ENG-123." },
	{ .name = "labels", .type = MT_OPT_LIST,
	  .help = "Names of labels, of the team or of the workspace." },
	{ .name = "priority", .type = MT_OPT_CHOICE, .def = "none",
	  .choices = "none|urgent|high|medium|low", .help = "Priority of the issue." },
	{ .name = "assignee", .type = MT_OPT_STRING,
	  .help = "Mail address of the user the issue is assigned to." },
	{ .name = "title_prefix", .type = MT_OPT_STRING,
	  .help = "Put in front of the subject, such as \"[mail]\"." },
	{ .name = NULL }
};

static const struct mt_fact_decl reads[] = {
	{ .key = "auth.from", .type = MT_TEXT, .flags = MT_PERSONAL,
	  .help = "The one From mailbox." },
	{ .key = NULL }
};

static const char *const priorities[] = { "none", "urgent", "high", "medium", "low" };

struct linear {
	const struct mt_host *host;
};

/* One run of deliver(). */
struct run {
	const struct mt_host *host;
	struct mt_msg *msg;
	const struct mt_conf *conf;
	struct mt_delivery *out;
	char uuid[ISSUE_UUID_SIZE];
};

static const char *const nothing[] = { NULL };

static const char *const *
labels_get(const struct mt_host *h, const struct mt_conf *c)
{
	const char *const *labels = h->conf_list(c, "labels");

	return labels == NULL ? nothing : labels;
}

static size_t
count(const char *const *list)
{
	size_t n = 0;

	while (list[n] != NULL)
		n++;
	return n;
}

/* ---- check ---- */

static int
refuse(struct mt_result *why, const char *text)
{
	snprintf(why->reason, sizeof(why->reason), "linear.option");
	snprintf(why->text, sizeof(why->text), "%s", text);
	return -1;
}

static int
linear_check(const struct mt_host *h, const struct mt_conf *c, struct mt_result *why)
{
	const char *team = h->conf_str(c, "team"), *assignee = h->conf_str(c, "assignee");
	const char *prefix = h->conf_str(c, "title_prefix");

	if (team == NULL || team[0] == '\0' || strlen(team) > TEAM_MAX)
		return refuse(why, "team: the key of a team has 1 to 32 letters");
	if (assignee != NULL && (strlen(assignee) > ASSIGNEE_MAX ||
	    strchr(assignee, '@') == NULL))
		return refuse(why, "assignee: a mail address is wanted");
	if (prefix != NULL && strlen(prefix) > ISSUE_PREFIX_UNITS_MAX)
		return refuse(why, "title_prefix: at most 64 bytes");
	if (count(labels_get(h, c)) > QUERY_LABELS_MAX)
		return refuse(why, "labels: at most 50");
	return 0;
}

/* ---- asking ---- */

static int
is_oauth(const struct mt_host *h, const struct mt_conf *c)
{
	struct mt_span key;
	const size_t len = sizeof(oauth_prefix) - 1;

	return h->conf_secret(c, "api_key", &key) == 0 && key.len >= len &&
	    memcmp(key.ptr, oauth_prefix, len) == 0;
}

/* MT_OK with the answer, to be freed; MT_PENDING; or -1: not to be asked. */
static int
ask(const struct mt_host *h, struct mt_msg *m, char *body, struct answer *a)
{
	const struct mt_conf *c = h->conf(m);
	const struct mt_field fields[] = {
		{ .name = "Authorization", .value = "api_key",
		  .flags = MT_FIELD_SECRET | (is_oauth(h, c) ? (uint32_t)MT_FIELD_BEARER : 0) },
		{ .name = "Content-Type", .value = "application/json" },
		{ .name = "Accept", .value = "application/json" },
		{ .name = NULL }
	};
	struct mt_http request = { .size = sizeof(request), .target = "endpoint",
		.method = "POST", .path = api_path, .fields = fields, .part = -1 };
	struct mt_http_reply reply = { .size = sizeof(reply) };
	int status;

	if (body == NULL)
		return -1;
	request.body = (struct mt_span){ body, strlen(body) };
	status = h->http_request(m, &request, &reply);
	free(body);
	if (status == MT_OK)
		answer_parse(&reply, h->now(m), a);
	return status == MT_OK || status == MT_PENDING ? status : -1;
}

static int
ask_lookup(const struct run *r, struct answer *a)
{
	const char *const *labels = labels_get(r->host, r->conf);
	const char *assignee = r->host->conf_str(r->conf, "assignee");
	json_t *names = json_array();

	for (size_t i = 0; labels[i] != NULL; i++)
		json_array_append_new(names, json_string(labels[i]));
	return ask(r->host, r->msg, query_body(&query_lookup, json_pack(
	    "{s:s, s:o, s:b, s:s, s:b}", "team", r->host->conf_str(r->conf, "team"),
	    "labels", names, "withLabels", labels[0] != NULL,
	    "assignee", assignee == NULL ? "" : assignee,
	    "withAssignee", assignee != NULL)), a);
}

static int
ask_issue(const struct run *r, const struct query *q, struct answer *a)
{
	return ask(r->host, r->msg, query_body(q, json_pack("{s:s}", "id", r->uuid)), a);
}

/* ---- outcomes ---- */

static int
outcome(const struct run *r, int status, const char *reason, const char *text)
{
	r->out->status = status;
	snprintf(r->out->reason, sizeof(r->out->reason), "%.63s", reason);
	snprintf(r->out->text, sizeof(r->out->text), "%s", text);
	return 0;
}

static int
outcome_failure(const struct run *r, const struct answer *a)
{
	static const int statuses[] = {
		[ANSWER_DATA] = MT_RETRY, [ANSWER_RETRY] = MT_RETRY,
		[ANSWER_LIMITED] = MT_RETRY, [ANSWER_REFUSED] = MT_PAUSE,
		[ANSWER_INVALID] = MT_FAILED,
	};

	r->out->retry_after_s = a->retry_after_s;
	return outcome(r, statuses[a->kind], a->reason, a->text);
}

/* path: of an issue in the answer.  1: it is there and told. */
static int
outcome_issue(const struct run *r, int status, const struct answer *a, const char *path)
{
	char step[64];
	const char *identifier, *url;

	snprintf(step, sizeof(step), "%s/identifier", path);
	identifier = answer_string(a, step);
	snprintf(step, sizeof(step), "%s/url", path);
	url = answer_string(a, step);
	if (identifier == NULL || identifier[0] == '\0')
		return 0;
	snprintf(r->out->resource_id, sizeof(r->out->resource_id), "%s", identifier);
	snprintf(r->out->resource_url, sizeof(r->out->resource_url), "%s",
	    url == NULL ? "" : url);
	outcome(r, status, status == MT_DELIVERED ? "linear.created" : "linear.exists", "");
	return 1;
}

/* An issue that is not there is an error of the API, "Entity not found": any
 * refusal of this constant question with a sound id says so. */
static int
is_absent(const struct answer *a)
{
	return a->kind == ANSWER_INVALID ||
	    (a->kind == ANSWER_DATA && json_is_null(answer_find(a, "issue")));
}

/* ---- what the lookups gave ---- */

struct lookup {
	const char *team;
	json_t *labels;		/* array of ids, ours */
	const char *assignee;	/* NULL: nobody */
};

static const char *
missing(const struct run *r, const char *what, const char *name)
{
	char *text = r->host->alloc(r->msg, 256);

	snprintf(text, 256, "Linear has no %s \"%.100s\"; see the options of this stage",
	    what, name);
	return text;
}

/* A label of the team, or of the workspace; a group cannot be put on an
 * issue. */
static const char *
label_find(const struct answer *a, const char *name, const char *team)
{
	json_t *nodes = answer_find(a, "issueLabels/nodes"), *node;
	size_t i;

	json_array_foreach(nodes, i, node) {
		const char *of = json_string_value(
		    json_object_get(json_object_get(node, "team"), "id"));
		const char *its = json_string_value(json_object_get(node, "name"));

		if (its != NULL && strcmp(its, name) == 0 &&
		    !json_is_true(json_object_get(node, "isGroup")) &&
		    (of == NULL || strcmp(of, team) == 0))
			return json_string_value(json_object_get(node, "id"));
	}
	return NULL;
}

/* NULL, or why the issue cannot be made as configured. */
static const char *
lookup_read(const struct run *r, const struct answer *a, struct lookup *l)
{
	const char *const *labels = labels_get(r->host, r->conf);
	const char *assignee = r->host->conf_str(r->conf, "assignee");

	l->team = answer_string(a, "teams/nodes/0/id");
	if (l->team == NULL)
		return missing(r, "team", r->host->conf_str(r->conf, "team"));
	for (size_t i = 0; labels[i] != NULL; i++) {
		const char *id = label_find(a, labels[i], l->team);

		if (id == NULL)
			return missing(r, "label", labels[i]);
		json_array_append_new(l->labels, json_string(id));
	}
	if (assignee == NULL)
		return NULL;
	l->assignee = answer_string(a, "users/nodes/0/id");
	if (l->assignee == NULL || !json_is_true(answer_find(a, "users/nodes/0/active")))
		return missing(r, "active user", assignee);
	return NULL;
}

/* ---- creating ---- */

static json_t *
issue_input(const struct run *r, const struct lookup *l)
{
	const char *name = r->host->conf_str(r->conf, "priority");
	struct mt_span title = issue_title(r->host, r->msg,
	    r->host->conf_str(r->conf, "title_prefix"));
	struct mt_span text = issue_description(r->host, r->msg);
	json_t *input;
	int priority = 0;

	for (size_t i = 0; i < sizeof(priorities) / sizeof(*priorities); i++)
		if (name != NULL && strcmp(name, priorities[i]) == 0)
			priority = (int)i;
	input = json_pack("{s:s, s:s, s:s%, s:s%, s:i}", "id", r->uuid, "teamId", l->team,
	    "title", title.ptr, title.len, "description", text.ptr, text.len,
	    "priority", priority);
	if (json_array_size(l->labels) > 0)
		json_object_set(input, "labelIds", l->labels);
	if (l->assignee != NULL)
		json_object_set_new(input, "assigneeId", json_string(l->assignee));
	return input;
}

/* The create was refused: is it because the issue is there? */
static int
refusal_confirm(const struct run *r, const struct answer *refusal)
{
	struct answer now;
	int status = ask_issue(r, &query_issue_after, &now);

	if (status != MT_OK)
		return status == MT_PENDING ? MT_WAIT : -1;
	if (!outcome_issue(r, MT_DUPLICATE, &now, "issue"))
		outcome_failure(r, is_absent(&now) ? refusal : &now);
	answer_free(&now);
	return 0;
}

static int
create_judge(const struct run *r, const struct answer *a)
{
	json_t *success = answer_find(a, "issueCreate/success");

	if (json_is_true(success) && outcome_issue(r, MT_DELIVERED, a, "issueCreate/issue"))
		return 0;
	if (json_is_false(success))
		return outcome(r, MT_FAILED, "linear.refused", a->text[0] != '\0' ? a->text :
		    "Linear says the issue was not created, and not why");
	if (a->kind == ANSWER_INVALID)
		return refusal_confirm(r, a);
	if (a->kind == ANSWER_DATA)	/* created or not: the next attempt reads back */
		return outcome(r, MT_RETRY, "linear.reply", "Linear did not say what it created");
	return outcome_failure(r, a);
}

static int
create(const struct run *r, const struct answer *looked_up)
{
	struct lookup l = { .labels = json_array() };
	const char *wrong = lookup_read(r, looked_up, &l);
	struct answer a;
	int status;

	if (wrong != NULL) {
		json_decref(l.labels);
		return outcome(r, MT_FAILED, "linear.lookup", wrong);
	}
	status = ask(r->host, r->msg, query_body(&query_create,
	    json_pack("{s:o}", "input", issue_input(r, &l))), &a);
	json_decref(l.labels);
	if (status != MT_OK)
		return status == MT_PENDING ? MT_WAIT : -1;
	status = create_judge(r, &a);
	answer_free(&a);
	return status;
}

/* ---- deliver ---- */

/* Asked for the lookups and, but at the first attempt, for the issue. */
static int
go_on(const struct run *r, struct answer *looked_up, struct answer *before)
{
	if (before != NULL) {
		if (outcome_issue(r, MT_DUPLICATE, before, "issue"))
			return 0;
		if (!is_absent(before))
			return outcome_failure(r, before);
	}
	if (looked_up->kind != ANSWER_DATA)
		return outcome_failure(r, looked_up);
	return create(r, looked_up);
}

static int
linear_deliver(void *ctx, struct mt_msg *m, const char *key, struct mt_delivery *out)
{
	const struct linear *l = ctx;
	struct run r = { .host = l->host, .msg = m, .conf = l->host->conf(m), .out = out };
	struct mt_intent intent = { .size = sizeof(intent) };
	struct answer looked_up = { .data = NULL }, before = { .data = NULL };
	int again = l->host->attempt(m) > 1, status = MT_OK, asked, returned;

	if (issue_uuid(key, r.uuid) != 0)
		return -1;
	if (l->host->intent(m, &intent) == 0 && intent.cls != 0 && intent.cls != MT_CREATE)
		return outcome(&r, MT_FAILED, "linear.intent",
		    "this stage creates issues; the mail asks for something else");
	asked = ask_lookup(&r, &looked_up);
	if (again)
		status = ask_issue(&r, &query_issue_before, &before);
	if (asked < 0 || status < 0)
		returned = -1;
	else if (asked == MT_PENDING || status == MT_PENDING)
		returned = MT_WAIT;
	else
		returned = go_on(&r, &looked_up, again ? &before : NULL);
	answer_free(&looked_up);
	answer_free(&before);
	return returned;
}

static int
linear_probe(void *ctx, struct mt_msg *m, struct mt_result *why)
{
	const struct linear *l = ctx;
	struct answer a;
	int status = ask(l->host, m, query_body(&query_probe, json_object()), &a);

	if (status != MT_OK)
		return status == MT_PENDING ? MT_WAIT : -1;
	if (a.kind != ANSWER_DATA) {
		why->verdict = MT_TEMPFAIL;
		snprintf(why->reason, sizeof(why->reason), "%s", a.reason);
		snprintf(why->text, sizeof(why->text), "%s", a.text);
	}
	answer_free(&a);
	return 0;
}

static int
linear_open(const struct mt_host *h, const struct mt_conf *c, void **ctx,
    struct mt_result *why)
{
	struct linear *l = malloc(sizeof(*l));

	(void)c;
	if (l == NULL)
		return refuse(why, "out of memory");
	word_preload();
	*l = (struct linear){ .host = h };
	*ctx = l;
	return 0;
}

MT_STAGE(linear, .name = "linear-dispatch", .version = "1.0",
    .summary = "Makes a mail an issue in Linear",
    .needs = MT_NEED_HTTP | MT_NEED_BODY,
    .options = options, .reads = reads,
    .check = linear_check, .open = linear_open, .close = free,
    .probe = linear_probe, .deliver = linear_deliver);
