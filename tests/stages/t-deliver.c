/* SPDX-License-Identifier: BSD-2-Clause */
/* Where mail goes to: done at once, and where it is has the subject in it.  A mail
 * with X-Test-Deliver: crash kills the worker, one with fail has failed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mailtri/stage.h"

static const struct mt_host *host;

static int
deliver_open(const struct mt_host *h, const struct mt_conf *conf, void **ctx, struct mt_result *why)
{
	(void)conf;
	(void)ctx;
	(void)why;
	host = h;
	return 0;
}

static int
span_is(struct mt_span s, const char *text)
{
	return s.len == strlen(text) && strncasecmp(s.ptr, text, s.len) == 0;
}

static int
do_as_told(struct mt_span value)
{
	while (value.len > 0 && *value.ptr == ' ') {
		value.ptr++;
		value.len--;
	}
	if (span_is(value, "crash"))
		abort();
	return span_is(value, "fail") ? MT_FAILED : MT_DELIVERED;
}

static void
say_thread(struct mt_msg *msg, const char *key)
{
	struct mt_thread t = { .size = sizeof(t) };

	if (host->thread(msg, &t) == 0)
		host->log(msg, MT_INFO, "answers=%.*s its=%.*s made=%.*s key=%s", (int)t.event.len,
		    t.event.ptr, (int)t.key.len, t.key.ptr, (int)t.resource_id.len, t.resource_id.ptr, key);
	else
		host->log(msg, MT_INFO, "begins key=%s", key);
}

static int
deliver(void *ctx, struct mt_msg *msg, const char *key, struct mt_delivery *out)
{
	struct mt_span name, value;
	size_t it = 0;

	(void)ctx;
	say_thread(msg, key);
	out->status = MT_DELIVERED;
	while (host->header_next(msg, &it, &name, &value) == 0)
		if (span_is(name, "X-Test-Deliver"))
			out->status = do_as_told(value);
		else if (span_is(name, "Subject"))
			snprintf(out->resource_url, sizeof(out->resource_url), "https://t.example/%.*s",
			    (int)value.len, value.ptr);
	snprintf(out->resource_id, sizeof(out->resource_id), "T-%.6s", key);
	snprintf(out->reason, sizeof(out->reason), "t-deliver.%s",
	    out->status == MT_FAILED ? "failed" : "done");
	snprintf(out->text, sizeof(out->text), "%s", out->status == MT_FAILED ?
	    "It was asked to fail." : "");
	return 0;
}

MT_STAGE(t_deliver,
    .name = "t-deliver", .version = "1.0", .summary = "dies when a mail asks for it",
    .open = deliver_open, .deliver = deliver);
