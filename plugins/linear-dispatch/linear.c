/* SPDX-License-Identifier: BSD-2-Clause */
/* Stage linear-dispatch: a mail makes an issue in Linear, comments on it,
 * changes it or archives it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/word.h"
#include "act.h"
#include "due.h"
#include "issue.h"
#include "wish.h"

enum { TEAM_MAX = 32, TEAMS_MAX = 50, ASSIGNEE_MAX = 254 };

static const struct mt_option options[] = {
	{ .name = "endpoint", .type = MT_OPT_TARGET, .def = "https://api.linear.app",
	  .help = "Where Linear's API is." },
	{ .name = "upload", .type = MT_OPT_TARGET,
	  .help = "Where attachments are uploaded to, such as \"https://uploads.linear.app\"; "
	  "Linear names a place for each, and a file goes to no other host than this." },
	{ .name = "api_key", .type = MT_OPT_SECRET, .flags = MT_REQUIRED,
	  .help = "A personal API key (lin_api_...) or an OAuth token (lin_oauth_...)." },
	{ .name = "team", .type = MT_OPT_STRING, .flags = MT_REQUIRED,
	  .help = "Key of the team that gets the issue: the ENG of ENG-123." },
	{ .name = "teams", .type = MT_OPT_LIST,
	  .help = "Keys of teams a mail may choose by team:KEY, and whose issues it may name "
	  "or answer; none by default." },
	{ .name = "labels", .type = MT_OPT_LIST,
	  .help = "Names of labels, of the team or of the workspace." },
	{ .name = "priority", .type = MT_OPT_CHOICE, .def = "none",
	  .choices = "none|urgent|high|medium|low", .help = "Priority of the issue." },
	{ .name = "assignee", .type = MT_OPT_STRING,
	  .help = "Mail address of the user the issue is assigned to." },
	{ .name = "project", .type = MT_OPT_STRING, .help = "Name of the issue's project." },
	{ .name = "state", .type = MT_OPT_STRING,
	  .help = "Name of the state the issue begins in, instead of the team's own." },
	{ .name = "due", .type = MT_OPT_STRING,
	  .help = "When the issue is due: today, tomorrow, friday, +3d, 2026-12-24." },
	{ .name = "title_prefix", .type = MT_OPT_STRING,
	  .help = "Put in front of the subject, such as \"[mail]\"." },
	{ .name = "on_unknown", .type = MT_OPT_CHOICE, .def = "note", .choices = "note|fail",
	  .help = "A mail wants a label, user, project, state or team that is not there: note it "
	  "in the issue, or fail." },
	{ .name = "prefer", .type = MT_OPT_CHOICE, .def = "text", .choices = "text|html",
	  .help = "Which part of a mail that has both is read." },
	{ .name = "quoted", .type = MT_OPT_CHOICE, .def = "fold", .choices = "fold|drop|keep",
	  .help = "What happens to the signature and the mail that is answered." },
	{ .name = "attachments", .type = MT_OPT_CHOICE, .def = "list",
	  .choices = "list|upload|none",
	  .help = "Attachments are named in the text, uploaded (upload must be set), or left "
	  "out." },
	{ .name = "attachment_size", .type = MT_OPT_SIZE, .def = "25M", .min = 1,
	  .max = 1 << 30, .help = "A larger attachment is named, not uploaded." },
	{ .name = NULL }
};

static const struct mt_fact_decl reads[] = {
	{ .key = "auth.from", .type = MT_TEXT, .flags = MT_PERSONAL,
	  .help = "The one From mailbox." },
	{ .key = NULL }
};

struct linear {
	const struct mt_host *host;
};

/* ---- check ---- */

static int
refuse(struct mt_result *why, const char *text)
{
	snprintf(why->reason, sizeof(why->reason), "linear.option");
	snprintf(why->text, sizeof(why->text), "%s", text);
	return -1;
}

static size_t
count(const char *const *list)
{
	size_t n = 0;

	while (list != NULL && list[n] != NULL)
		n++;
	return n;
}

static int
is_too_long(const struct mt_host *h, const struct mt_conf *c, const char *name, size_t max)
{
	const char *text = h->conf_str(c, name);

	return text != NULL && strlen(text) > max;
}

static int
is_due(const struct mt_host *h, const struct mt_conf *c)
{
	const char *due = h->conf_str(c, "due");
	char day[DUE_SIZE];

	return due == NULL || due_parse((struct mt_span){ due, strlen(due) }, 0, day) == 0;
}

static int
linear_check(const struct mt_host *h, const struct mt_conf *c, struct mt_result *why)
{
	const char *team = h->conf_str(c, "team"), *assignee = h->conf_str(c, "assignee");

	if (team == NULL || team[0] == '\0' || strlen(team) > TEAM_MAX)
		return refuse(why, "team: the key of a team has 1 to 32 letters");
	if (assignee != NULL && (strlen(assignee) > ASSIGNEE_MAX ||
	    strchr(assignee, '@') == NULL))
		return refuse(why, "assignee: a mail address is wanted");
	if (is_too_long(h, c, "title_prefix", ISSUE_PREFIX_UNITS_MAX))
		return refuse(why, "title_prefix: at most 64 bytes");
	if (is_too_long(h, c, "project", WISH_NAME_MAX) ||
	    is_too_long(h, c, "state", WISH_NAME_MAX))
		return refuse(why, "project, state: at most 255 bytes");
	if (count(h->conf_list(c, "labels")) > WISH_LABELS_MAX)
		return refuse(why, "labels: at most 50");
	if (count(h->conf_list(c, "teams")) > TEAMS_MAX)
		return refuse(why, "teams: at most 50");
	if (!is_due(h, c))
		return refuse(why, "due: today, tomorrow, a day of the week, +3d or 2026-12-24");
	if (strcmp(h->conf_str(c, "attachments"), "upload") == 0 &&
	    h->conf_str(c, "upload") == NULL)
		return refuse(why, "attachments: to upload them, upload and upload_pin must be set");
	return 0;
}

/* ---- deliver ---- */

static int
create_or_comment(struct run *r)
{
	struct mt_thread thread = { .size = sizeof(thread) };

	return r->host->thread(r->msg, &thread) == 0 ? comment_run(r) : create_run(r);
}

/* By class, and the verb where a class has verbs of other kinds. */
static const struct {
	uint32_t cls;
	const char *verb;
	int (*run)(struct run *);
} operations[] = {
	{ 0, "", create_or_comment },	/* the route has no intents */
	{ MT_CREATE, "", create_or_comment },
	{ MT_MODIFY, "update", update_run },
	{ MT_MODIFY, "edit", update_run },
	{ MT_APPROVE, "delete", archive_run },
	{ MT_APPROVE, "archive", archive_run },
};

static int
is_verb(struct mt_span verb, const char *wanted)
{
	size_t n = strlen(wanted);

	return n == 0 || (verb.len >= n && memcmp(verb.ptr, wanted, n) == 0 &&
	    (verb.len == n || verb.ptr[n] == '_'));
}

static int
operation_run(struct run *r)
{
	struct mt_intent intent = { .size = sizeof(intent) };

	if (r->host->intent(r->msg, &intent) != 0)
		intent.cls = 0;
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		if (intent.cls == operations[i].cls && is_verb(intent.verb, operations[i].verb))
			return operations[i].run(r);
	return run_end(r, MT_FAILED, "linear.intent",
	    "this address makes, changes and archives issues; the mail asks for something else");
}

static int
linear_deliver(void *ctx, struct mt_msg *m, const char *key, struct mt_delivery *out)
{
	const struct linear *l = ctx;
	struct run r = { .host = l->host, .msg = m, .conf = l->host->conf(m), .out = out,
		.key = key, .again = l->host->attempt(m) > 1 };
	int returned = operation_run(&r);

	run_fini(&r);
	return returned;
}

static int
linear_probe(void *ctx, struct mt_msg *m, struct mt_result *why)
{
	const struct linear *l = ctx;
	struct run r = { .host = l->host, .msg = m, .conf = l->host->conf(m) };
	int returned = probe_run(&r, why);

	run_fini(&r);
	return returned;
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
    .summary = "Makes, comments, changes and archives issues in Linear",
    .needs = MT_NEED_HTTP | MT_NEED_BODY,
    .options = options, .reads = reads,
    .check = linear_check, .open = linear_open, .close = free,
    .probe = linear_probe, .deliver = linear_deliver);
