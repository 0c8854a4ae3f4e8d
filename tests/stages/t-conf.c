/* SPDX-License-Identifier: BSD-2-Clause */
/* A stage with an option of every type, whose check() refuses one pair. */
#include <stdio.h>
#include <string.h>

#include "mailtri/stage.h"

static const struct mt_option options[] = {
	{ "enabled", "true", NULL, "whether", MT_OPT_BOOL, 0, 0, 0 },
	{ "count", "3", NULL, "how many", MT_OPT_INT, 0, 1, 10 },
	{ "room", "25M", NULL, "how much", MT_OPT_SIZE, 0, 0, 0 },
	{ "age", "90d", NULL, "how long", MT_OPT_DURATION, 0, 0, 0 },
	{ "label", NULL, NULL, "a text", MT_OPT_STRING, 0, 0, 0 },
	{ "names", "a, b", NULL, "some texts", MT_OPT_LIST, 0, 0, 0 },
	{ "mode", "strict", "strict|loose", "one of two", MT_OPT_CHOICE, 0, 0, 0 },
	{ "key", NULL, NULL, "a secret", MT_OPT_SECRET, 0, 0, 0 },
	{ "api", NULL, NULL, "a place", MT_OPT_TARGET, 0, 0, 0 },
	{ "old", NULL, NULL, "no longer of use", MT_OPT_STRING, MT_DEPRECATED, 0, 0 },
	{ .name = NULL },
};
static const struct mt_fact_decl reads[] = {
	{ "other.fact", NULL, "not needed", 0, 0 },
	{ .key = NULL },
};
static const struct mt_fact_decl writes[] = {
	{ "t-conf.seen", NULL, "it was here", MT_FLAG, 0 },
	{ .key = NULL },
};

static int
conf_check(const struct mt_host *host, const struct mt_conf *conf,
    struct mt_result *why)
{
	const char *const *names = host->conf_list(conf, "names");
	size_t count = 0;

	while (names[count] != NULL)
		count++;
	if ((int64_t)count <= host->conf_int(conf, "count"))
		return 0;
	snprintf(why->text, sizeof(why->text),
	    "names has more members than count allows");
	return -1;
}

static int
conf_open(const struct mt_host *host, const struct mt_conf *conf, void **ctx,
    struct mt_result *why)
{
	(void)host;
	(void)conf;
	(void)why;
	*ctx = NULL;
	return 0;
}

static int
conf_message(void *ctx, struct mt_msg *msg, struct mt_result *result)
{
	(void)ctx;
	(void)msg;
	(void)result;
	return 0;
}

MT_STAGE(t_conf,
    .name = "t-conf", .version = "1.0", .summary = "every type of option",
    .needs = MT_NEED_DNS, .options = options, .reads = reads,
    .writes = writes, .check = conf_check, .open = conf_open,
    .message = conf_message);
