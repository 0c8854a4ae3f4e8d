/* SPDX-License-Identifier: BSD-2-Clause */
/* A stage that may read a file and forgets to close it, once a message; and
 * tries one that it may not. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "mailtri/stage.h"

static const struct mt_host *host;

static const struct mt_option options[] = {
	{ .name = "file", .type = MT_OPT_STRING, .help = "A file to read.", .flags = MT_REQUIRED },
	{ .name = NULL }
};
static const struct mt_fact_decl writes[] = {
	{ .key = "t-leak.own", .type = MT_INT, .help = "Its file's descriptor, or -errno." },
	{ .key = "t-leak.other", .type = MT_INT, .help = "The same of /etc/passwd." },
	{ .key = NULL }
};

static int
leak_open(const struct mt_host *h, const struct mt_conf *conf, void **ctx, struct mt_result *why)
{
	(void)conf;
	(void)ctx;
	(void)why;
	host = h;
	return 0;
}

static int
try(struct mt_msg *m, const char *key, const char *path)
{
	int fd = open(path, O_RDONLY);
	struct mt_fact f = { .key = key, .type = MT_INT, .num = fd < 0 ? -errno : fd };

	return host->fact_set(m, &f);
}

static int
leak_message(void *ctx, struct mt_msg *m, struct mt_result *result)
{
	const char *file = host->conf_str(host->conf(m), "file");

	(void)ctx;
	(void)result;
	if (try(m, "t-leak.other", "/etc/passwd") != 0 || try(m, "t-leak.own", file) != 0)
		return -1;
	return 0;
}

MT_STAGE(t_leak,
    .name = "t-leak", .version = "1.0", .summary = "leaks a descriptor a message",
    .needs = MT_NEED_FILES, .options = options, .writes = writes, .open = leak_open,
    .message = leak_message);
