/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stage `answer' of the tests: sends nothing and logs what it was told.  A
 * mail with X-Test-Answer: fail or retry is never, or not at once, answered.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "mailtri/stage.h"

static const struct mt_host *host;

static const struct mt_option options[] = {
	{ .name = "log", .type = MT_OPT_BOOL, .def = "true", .help = "Whether it says what it was told." },
	{ .name = "relay", .type = MT_OPT_STRING, .flags = MT_REQUIRED, .help = "Must be set." },
	{ .name = NULL }
};

#define TEXT(name) { .key = "answer." name, .type = MT_TEXT, .help = "What came of it." }
static const struct mt_fact_decl reads[] = {
	{ .key = "answer.outcome", .type = MT_TOKEN, .choices = "done|refused|held|failed",
	  .help = "What came of it." },
	TEXT("stage"), TEXT("reason"), TEXT("text"), TEXT("resource_id"), TEXT("resource_url"),
	TEXT("reply_to"), TEXT("mark"), { .key = NULL }
};

static int
answer_open(const struct mt_host *h, const struct mt_conf *conf, void **ctx, struct mt_result *why)
{
	(void)conf;
	(void)ctx;
	(void)why;
	host = h;
	return 0;
}

static int
asks_for(const struct mt_msg *msg, const char *what)
{
	struct mt_span name, value;
	size_t it = 0;

	while (host->header_next(msg, &it, &name, &value) == 0)
		if (name.len == strlen("X-Test-Answer") &&
		    strncasecmp(name.ptr, "X-Test-Answer", name.len) == 0 &&
		    value.len == strlen(what) && memcmp(value.ptr, what, value.len) == 0)
			return 1;
	return 0;
}

static void
say(struct mt_msg *msg, const char *key)
{
	struct mt_thread thread = { .size = sizeof(thread) };
	char text[1000];
	size_t at = 0;

	for (const struct mt_fact_decl *d = reads; d->key != NULL && at < sizeof(text); d++) {
		struct mt_fact f;

		if (host->fact_get(msg, d->key, &f) == 0)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s=%.*s|", d->key,
			    (int)f.text.len, f.text.ptr);
	}
	host->log(msg, MT_INFO, "told %skey=%.8s|attempt=%u|threads=%d", text, key,
	    host->attempt(msg), host->thread(msg, &thread) == 0);
}

static int
deliver(void *ctx, struct mt_msg *msg, const char *key, struct mt_delivery *out)
{
	(void)ctx;
	if (host->conf_int(host->conf(msg), "log") != 0)
		say(msg, key);
	out->status = asks_for(msg, "fail") ? MT_FAILED :
	    asks_for(msg, "retry") && host->attempt(msg) == 1 ? MT_RETRY : MT_DELIVERED;
	snprintf(out->reason, sizeof(out->reason), "t-answer.sent");
	return 0;
}

MT_STAGE(t_answer,
    .name = "answer", .version = "1.0", .summary = "says what it is told",
    .options = options, .reads = reads, .open = answer_open, .deliver = deliver);
