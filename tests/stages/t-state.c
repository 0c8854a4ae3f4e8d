/* SPDX-License-Identifier: BSD-2-Clause */
/* A stage that remembers: what X-Test-Put: "STAGE WHEN TTL VALUE" says is kept
 * under one key, what was kept before is a fact, and the mail ends as
 * X-Test-End: "STAGE VERDICT" says.  Built twice, under two names. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "mailtri/stage.h"

static const struct mt_host *host;

static const struct mt_fact_decl writes[] = {
	{ .key = NAME ".kept", .type = MT_TEXT, .help = "What was kept." },
	{ .key = NULL }
};

static int
state_open(const struct mt_host *h, const struct mt_conf *conf, void **ctx, struct mt_result *why)
{
	(void)conf;
	(void)ctx;
	(void)why;
	host = h;
	return 0;
}

/* The field's words behind our name; 0: it is not there, or not for us. */
static int
words(struct mt_msg *m, const char *wanted, char *out, size_t size)
{
	const size_t us = sizeof(NAME) - 1;
	struct mt_span name, value;
	size_t it = 0;

	while (host->header_next(m, &it, &name, &value) == 0) {
		if (name.len != strlen(wanted) || strncasecmp(name.ptr, wanted, name.len) != 0)
			continue;
		for (; value.len > 0 && *value.ptr == ' '; value.len--)
			value.ptr++;
		if (value.len <= us || memcmp(value.ptr, NAME " ", us + 1) != 0)
			return 0;
		snprintf(out, size, "%.*s", (int)(value.len - us - 1), value.ptr + us + 1);
		return 1;
	}
	return 0;
}

static int
put(struct mt_msg *m, struct mt_span key)
{
	char wanted[128], when[16], value[64];
	unsigned ttl_s;

	if (!words(m, "X-Test-Put", wanted, sizeof(wanted)))
		return 0;
	if (sscanf(wanted, "%15s %u %63s", when, &ttl_s, value) != 3)
		return -1;
	return host->state_put(m, key, (struct mt_span){ value, strlen(value) }, ttl_s,
	    strcmp(when, "always") == 0 ? MT_ALWAYS : MT_IF_ACCEPTED) == MT_OK ? 0 : -1;
}

static int
state_message(void *ctx, struct mt_msg *m, struct mt_result *result)
{
	const struct mt_span key = { "key", 3 };
	struct mt_fact kept = { .key = NAME ".kept", .type = MT_TEXT };
	int status = host->state_get(m, key, &kept.text);
	char end[16];

	(void)ctx;
	if (status == MT_PENDING)
		return MT_WAIT;
	if (status == MT_NODATA)
		kept.text = (struct mt_span){ "nothing", 7 };
	else if (status != MT_OK)
		return -1;
	if (host->fact_set(m, &kept) != 0 || put(m, key) != 0)
		return -1;
	if (!words(m, "X-Test-End", end, sizeof(end)))
		return 0;
	result->verdict = strcmp(end, "reject") == 0 ? MT_REJECT : MT_TEMPFAIL;
	snprintf(result->reason, sizeof(result->reason), "t-state.end");
	return 0;
}

MT_STAGE(t_state,
    .name = NAME, .version = "1.0", .summary = "remembers what a field says",
    .needs = MT_NEED_STATE, .writes = writes, .open = state_open, .message = state_message);
