/* SPDX-License-Identifier: BSD-2-Clause */
/* Is all that is configured there, and may the key write?  Nothing is made. */
#include "act.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lookup.h"

/* An issue nobody has: who may write is told that it is not there. */
static const char nowhere[] = "00000000-0000-4000-8000-000000000000";

/* What may be otherwise at the next try; for the rest a person must act. */
static int
passes(const char *reason)
{
	static const char *const reasons[] = { "limit", "answer", "unreachable" };

	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (strcmp(reason, reasons[i]) == 0)
			return 1;
	return 0;
}

static int
say(struct mt_result *why, const char *reason, const char *text)
{
	why->verdict = passes(reason) ? MT_TEMPFAIL : MT_REJECT;
	snprintf(why->reason, sizeof(why->reason), "linear.probe.%s", reason);
	snprintf(why->text, sizeof(why->text), "%.255s", text);
	return 0;
}

static int
say_failed(struct mt_result *why, const struct answer *a)
{
	return say(why, a->kind == ANSWER_REFUSED ? "key" :
	    a->kind == ANSWER_LIMITED ? "limit" : "answer", a->text);
}

static json_t *
teams_wanted(const struct run *r)
{
	const char *const *teams = r->host->conf_list(r->conf, "teams");
	json_t *list = json_array();

	json_array_append_new(list, json_string(r->host->conf_str(r->conf, "team")));
	for (size_t i = 0; teams != NULL && teams[i] != NULL; i++)
		json_array_append_new(list, json_string(teams[i]));
	return list;
}

static int
teams_check(const struct run *r, const struct answer *a, struct mt_result *why)
{
	json_t *wanted = teams_wanted(r), *team;
	size_t i;

	json_array_foreach(wanted, i, team)
		if (why->reason[0] == '\0' && !answer_lists(a, "teams/nodes", "key",
		    json_string_value(team)))
			say(why, "team", run_printf(r, "the key shows no team \"%.100s\"",
			    json_string_value(team)));
	json_decref(wanted);
	return why->reason[0] != '\0';
}

static void
names_check(const struct run *r, const struct wish *w, const struct answer *a,
    struct mt_result *why)
{
	static const char *const reasons[] = { [WISH_TEAM] = "team", [WISH_STATE] = "state",
		[WISH_ASSIGNEE] = "assignee", [WISH_PROJECT] = "project", [WISH_LABEL] = "label" };
	struct lookup l;
	const char *wrong = lookup_read(r, w, a, &l);

	if (wrong != NULL)
		say(why, reasons[l.noun], wrong);
}

/* Any answer will do: the name, the pin and the way are right. */
static int
upload_check(const struct run *r, struct mt_result *why)
{
	const struct mt_http request = { .size = sizeof(request), .target = "upload",
		.method = "HEAD", .path = "/", .part = -1 };
	struct mt_http_reply reply = { .size = sizeof(reply) };
	int status;

	if (strcmp(r->host->conf_str(r->conf, "attachments"), "upload") != 0)
		return 0;
	status = r->host->http_request(r->msg, &request, &reply);
	if (status == MT_OK && reply.status == 0)
		say(why, "upload", run_printf(r, "the host of uploads: %s",
		    strerror(reply.error)));
	return status == MT_OK ? 0 : status == MT_PENDING ? MT_WAIT : -1;
}

static int
judge(const struct run *r, const struct wish *w, const struct answer *const a[3],
    struct mt_result *why)
{
	if (strcmp(a[0]->reason, "linear.unreachable") == 0)
		return say(why, "unreachable", a[0]->text);
	for (size_t i = 0; i < 2; i++)
		if (a[i]->kind != ANSWER_DATA)
			return say_failed(why, a[i]);
	if (!json_is_true(answer_find(a[0], "viewer/active")))
		return say(why, "user", "the key is of a user who is not active");
	if (a[2]->kind == ANSWER_REFUSED)
		return say(why, "permission", "the key may read, but not write issues");
	if (!teams_check(r, a[0], why))
		names_check(r, w, a[1], why);
	return 0;
}

int
probe_run(struct run *r, struct mt_result *why)
{
	struct wish w;
	const struct answer *a[3];
	int status[4];

	wish_init(&w, r);
	wish_options(&w);
	status[0] = run_ask(r, &query_probe, json_pack("{s:o}", "teams", teams_wanted(r)), &a[0]);
	status[1] = lookup_ask(r, &w, w.one[WISH_TEAM].text, &a[1]);
	status[2] = run_ask(r, &query_probe_write, json_pack("{s:s, s:{s:s}}", "id", nowhere,
	    "input", "title", "mailtri"), &a[2]);
	status[3] = upload_check(r, why);
	for (size_t i = 0; i < 4; i++)
		if (status[i] < 0)
			return -1;
	for (size_t i = 0; i < 4; i++)
		if (status[i] == MT_WAIT)
			return MT_WAIT;
	return why->reason[0] != '\0' ? 0 : judge(r, &w, a, why);
}
