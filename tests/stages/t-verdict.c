/* SPDX-License-Identifier: BSD-2-Clause */
/* A stage whose verdict is an option: every answer of a pipeline on demand,
 * and a fact that shows it ran. */
#include <stdio.h>
#include <string.h>

#include "mailtri/stage.h"

static const struct mt_host *host;

static const struct mt_option options[] = {
	{ .name = "verdict", .type = MT_OPT_CHOICE, .def = "continue",
	  .choices = "continue|reject|tempfail|fail", .help = "What to answer." },
	{ .name = "hold", .type = MT_OPT_STRING, .help = "Releaser to hold for." },
	{ .name = "expire", .type = MT_OPT_DURATION, .def = "0", .help = "End of the hold; 0: none." },
	{ .name = NULL }
};

static const struct mt_fact_decl writes[] = {
	{ .key = "t-verdict.ran", .type = MT_FLAG, .help = "It ran." },
	{ .key = NULL }
};

static int
verdict_open(const struct mt_host *h, const struct mt_conf *conf, void **ctx,
    struct mt_result *why)
{
	(void)conf;
	(void)ctx;
	(void)why;
	host = h;
	return 0;
}

static int
verdict_message(void *ctx, struct mt_msg *msg, struct mt_result *result)
{
	const struct mt_conf *conf = host->conf(msg);
	const char *wanted = host->conf_str(conf, "verdict");
	const char *releaser = host->conf_str(conf, "hold");
	struct mt_fact ran = { .key = "t-verdict.ran", .type = MT_FLAG, .num = 1 };

	(void)ctx;
	if (host->fact_set(msg, &ran) != 0 || strcmp(wanted, "fail") == 0)
		return -1;
	if (releaser != NULL && host->hold(msg, releaser,
	    (uint32_t)host->conf_int(conf, "expire")) != 0)
		return -1;
	if (strcmp(wanted, "continue") == 0)
		return 0;
	result->verdict = strcmp(wanted, "reject") == 0 ? MT_REJECT : MT_TEMPFAIL;
	snprintf(result->reason, sizeof(result->reason), "t-verdict.%s", wanted);
	snprintf(result->text, sizeof(result->text), "It was asked to.");
	return 0;
}

MT_STAGE(t_verdict,
    .name = "t-verdict", .version = "1.0", .summary = "answers what its options say",
    .options = options, .writes = writes, .open = verdict_open, .message = verdict_message);
