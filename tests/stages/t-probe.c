/* SPDX-License-Identifier: BSD-2-Clause */
/* A stage that fails where a mail says so, and whose probe() passes while
 * there is a file named ok in its folder. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "mailtri/stage.h"

static const struct mt_host *host;

static const struct mt_option options[] = {
	{ .name = "folder", .type = MT_OPT_STRING, .help = "Where ok lies.", .flags = MT_REQUIRED },
	{ .name = NULL }
};

static int
probe_open(const struct mt_host *h, const struct mt_conf *conf, void **ctx, struct mt_result *why)
{
	(void)conf;
	(void)ctx;
	(void)why;
	host = h;
	return 0;
}

static int
probe_message(void *ctx, struct mt_msg *m, struct mt_result *result)
{
	static const char wanted[] = "X-Test-Fail";
	struct mt_span name, value;
	size_t it = 0;

	(void)ctx;
	(void)result;
	while (host->header_next(m, &it, &name, &value) == 0)
		if (name.len == sizeof(wanted) - 1 && strncasecmp(name.ptr, wanted, name.len) == 0)
			return -1;
	return 0;
}

static int
probe_probe(void *ctx, struct mt_msg *m, struct mt_result *why)
{
	char path[256];

	(void)ctx;
	snprintf(path, sizeof(path), "%s/ok", host->conf_str(host->conf(m), "folder"));
	if (access(path, F_OK) == 0)
		return 0;
	snprintf(why->text, sizeof(why->text), "ok is not there");
	return -1;
}

MT_STAGE(t_probe,
    .name = "t-probe", .version = "1.0", .summary = "is well while a file is there",
    .needs = MT_NEED_FILES, .options = options, .open = probe_open, .message = probe_message,
    .probe = probe_probe);
