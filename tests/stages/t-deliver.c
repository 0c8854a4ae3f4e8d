/* SPDX-License-Identifier: BSD-2-Clause */
/* Where mail goes to: done at once, but a mail with X-Test-Deliver: crash
 * kills the worker. */
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

static void
do_as_told(struct mt_span value)
{
	while (value.len > 0 && *value.ptr == ' ') {
		value.ptr++;
		value.len--;
	}
	if (span_is(value, "crash"))
		abort();
}

static int
deliver(void *ctx, struct mt_msg *msg, const char *key, struct mt_delivery *out)
{
	struct mt_span name, value;
	size_t it = 0;

	(void)ctx;
	(void)key;
	while (host->header_next(msg, &it, &name, &value) == 0)
		if (span_is(name, "X-Test-Deliver"))
			do_as_told(value);
	out->status = MT_DELIVERED;
	snprintf(out->reason, sizeof(out->reason), "t-deliver.done");
	return 0;
}

MT_STAGE(t_deliver,
    .name = "t-deliver", .version = "1.0", .summary = "dies when a mail asks for it",
    .open = deliver_open, .deliver = deliver);
