/* SPDX-License-Identifier: BSD-2-Clause */
/* Asking Linear, and outcomes. */
#include "run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char api_path[] = "/graphql";
static const char oauth_prefix[] = "lin_oauth_";

int
run_is_oauth(const struct run *r)
{
	struct mt_span key;
	const size_t len = sizeof(oauth_prefix) - 1;

	return r->host->conf_secret(r->conf, "api_key", &key) == 0 && key.len >= len &&
	    memcmp(key.ptr, oauth_prefix, len) == 0;
}

static int
body_ask(struct run *r, struct mt_span body, struct mt_http_reply *reply)
{
	const struct mt_field fields[] = {
		{ .name = "Authorization", .value = "api_key",
		  .flags = MT_FIELD_SECRET | (run_is_oauth(r) ? (uint32_t)MT_FIELD_BEARER : 0) },
		{ .name = "Content-Type", .value = "application/json" },
		{ .name = "Accept", .value = "application/json" },
		{ .name = NULL }
	};
	const struct mt_http request = { .size = sizeof(request), .target = "endpoint",
		.method = "POST", .path = api_path, .fields = fields, .body = body, .part = -1 };

	return r->host->http_request(r->msg, &request, reply);
}

int
run_ask(struct run *r, const struct query *q, json_t *variables, const struct answer **a)
{
	struct mt_http_reply reply = { .size = sizeof(reply) };
	char *body = query_body(q, variables);
	int status;

	if (body == NULL)
		return -1;
	status = body_ask(r, (struct mt_span){ body, strlen(body) }, &reply);
	free(body);
	if (status == MT_PENDING)
		return MT_WAIT;
	if (status != MT_OK || r->answer_count >= MT_QUESTIONS_MAX)
		return -1;
	r->answers[r->answer_count] = r->host->alloc(r->msg, sizeof(struct answer));
	answer_parse(&reply, r->host->now(r->msg), r->answers[r->answer_count]);
	*a = r->answers[r->answer_count++];
	return 0;
}

void
run_fini(struct run *r)
{
	while (r->answer_count > 0)
		answer_free(r->answers[--r->answer_count]);
}

char *
run_string(const struct run *r, struct mt_span s)
{
	char *copy = r->host->alloc(r->msg, s.len + 1);

	if (s.len > 0)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = '\0';
	return copy;
}

char *
run_printf(const struct run *r, const char *fmt, ...)
{
	char *text = r->host->alloc(r->msg, RUN_TEXT_MAX + 1);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, RUN_TEXT_MAX + 1, fmt, ap);
	va_end(ap);
	return text;
}

int
run_end(const struct run *r, int status, const char *reason, const char *text)
{
	r->out->status = status;
	snprintf(r->out->reason, sizeof(r->out->reason), "%.63s", reason);
	snprintf(r->out->text, sizeof(r->out->text), "%.255s", text);
	return 0;
}

int
run_end_failed(const struct run *r, const struct answer *a)
{
	static const int statuses[] = {
		[ANSWER_DATA] = MT_RETRY, [ANSWER_RETRY] = MT_RETRY,
		[ANSWER_LIMITED] = MT_RETRY, [ANSWER_REFUSED] = MT_PAUSE,
		[ANSWER_INVALID] = MT_FAILED,
	};

	if (a->kind == ANSWER_DATA)	/* done or not: the next attempt reads back */
		return run_end(r, MT_RETRY, "linear.reply", "Linear did not say what it did");
	r->out->retry_after_s = a->retry_after_s;
	return run_end(r, statuses[a->kind], a->reason, a->text);
}

int
run_name_issue(const struct run *r, const struct answer *a, const char *path)
{
	const char *identifier = answer_string(a, run_printf(r, "%s/identifier", path));
	const char *url = answer_string(a, run_printf(r, "%s/url", path));

	if (identifier == NULL || identifier[0] == '\0')
		return 0;
	snprintf(r->out->resource_id, sizeof(r->out->resource_id), "%s", identifier);
	snprintf(r->out->resource_url, sizeof(r->out->resource_url), "%s",
	    url == NULL ? "" : url);
	return 1;
}

int
run_is_absent(const struct answer *a, const char *path)
{
	return a->kind == ANSWER_INVALID ||
	    (a->kind == ANSWER_DATA && json_is_null(answer_find(a, path)));
}
