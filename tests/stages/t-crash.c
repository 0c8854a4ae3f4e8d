/* SPDX-License-Identifier: BSD-2-Clause */
/* A stage that dies on a word: X-Test-Crash in the header of a mail, or
 * "crash" in the local part of MAIL FROM at RCPT. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mailtri/stage.h"

static const struct mt_host *host;

static int
span_is(struct mt_span s, const char *text)
{
	return s.len == strlen(text) && strncasecmp(s.ptr, text, s.len) == 0;
}

static int
crash_open(const struct mt_host *h, const struct mt_conf *conf, void **ctx, struct mt_result *why)
{
	(void)conf;
	(void)ctx;
	(void)why;
	host = h;
	return 0;
}

static int
crash_envelope(void *ctx, struct mt_msg *msg, struct mt_result *result)
{
	struct mt_span sender;

	(void)ctx;
	(void)result;
	if (host->sender(msg, &sender) == 0 && sender.len >= 6 &&
	    strncasecmp(sender.ptr, "crash@", 6) == 0)
		abort();
	return 0;
}

static int
crash_message(void *ctx, struct mt_msg *msg, struct mt_result *result)
{
	struct mt_span name, value;
	size_t it = 0;

	(void)ctx;
	(void)result;
	while (host->header_next(msg, &it, &name, &value) == 0)
		if (span_is(name, "X-Test-Crash"))
			abort();
	return 0;
}

MT_STAGE(t_crash,
    .name = "t-crash", .version = "1.0", .summary = "dies when a mail asks for it",
    .open = crash_open, .envelope = crash_envelope, .message = crash_message);
