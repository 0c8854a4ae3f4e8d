/* SPDX-License-Identifier: BSD-2-Clause */
/* A stage that says of which build and configuration it is: built twice. */
#include <stdio.h>
#include <string.h>

#include "mailtri/stage.h"

static const struct mt_host *host;

static const struct mt_option options[] = {
	{ .name = "word", .type = MT_OPT_STRING, .help = "To be said at RCPT; unset: nothing." },
	{ .name = "key", .type = MT_OPT_SECRET, .help = "Said as well, \"unusable\" is refused." },
	{ .name = NULL }
};

static const struct mt_fact_decl writes[] = {
	{ .key = "t-reload.ran", .type = MT_FLAG, .help = "It ran." },
	{ .key = NULL }
};

static struct mt_span
key_of(const struct mt_conf *conf)
{
	struct mt_span key;

	if (host->conf_secret(conf, "key", &key) != 0)
		return (struct mt_span){ "none", 4 };
	return key;
}

static int
reload_open(const struct mt_host *h, const struct mt_conf *conf, void **ctx,
    struct mt_result *why)
{
	struct mt_span key;

	(void)ctx;
	host = h;
	key = key_of(conf);
	if (key.len != 8 || memcmp(key.ptr, "unusable", 8) != 0)
		return 0;
	snprintf(why->text, sizeof(why->text), "that key opens nothing");
	return -1;
}

static int
reload_envelope(void *ctx, struct mt_msg *msg, struct mt_result *result)
{
	const struct mt_conf *conf = host->conf(msg);
	const char *word = host->conf_str(conf, "word");
	struct mt_span key = key_of(conf);

	(void)ctx;
	if (word == NULL)
		return 0;
	result->verdict = MT_REJECT;
	snprintf(result->reason, sizeof(result->reason), "t-reload.word");
	snprintf(result->text, sizeof(result->text), "build=%d word=%s key=%.*s", BUILD, word,
	    (int)key.len, key.ptr);
	return 0;
}

MT_STAGE(t_reload,
    .name = "t-reload", .version = "1.0", .summary = "says what it was started with",
    .options = options, .writes = writes, .open = reload_open,
    .envelope = reload_envelope);
