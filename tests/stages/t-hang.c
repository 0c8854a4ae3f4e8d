/* SPDX-License-Identifier: BSD-2-Clause */
/* A stage that never returns for a mail with X-Test-Hang in its header. */
#include <string.h>
#include <strings.h>

#include "mailtri/stage.h"

static const struct mt_host *host;

static int
hang_open(const struct mt_host *h, const struct mt_conf *conf, void **ctx, struct mt_result *why)
{
	(void)conf;
	(void)ctx;
	(void)why;
	host = h;
	return 0;
}

static int
hang_message(void *ctx, struct mt_msg *msg, struct mt_result *result)
{
	static const char wanted[] = "X-Test-Hang";
	struct mt_span name, value;
	size_t it = 0;

	(void)ctx;
	(void)result;
	while (host->header_next(msg, &it, &name, &value) == 0)
		if (name.len == sizeof(wanted) - 1 &&
		    strncasecmp(name.ptr, wanted, name.len) == 0)
			for (;;)
				continue;
	return 0;
}

MT_STAGE(t_hang,
    .name = "t-hang", .version = "1.0", .summary = "hangs when a mail asks for it",
    .open = hang_open, .message = hang_message);
