/* SPDX-License-Identifier: BSD-2-Clause */
/* A stage compiled against a header of tomorrow: every struct is longer. */
#include "mailtri/stage.h"

struct newer_option { struct mt_option now; const char *later[3]; };
struct newer_fact { struct mt_fact_decl now; uint64_t later; };
struct newer_stage { struct mt_stage now; void (*later[4])(void); };

static const struct mt_host *host;

static const struct newer_option options[] = {
	{ .now = { .name = "word", .type = MT_OPT_STRING, .def = "old", .help = "A word." },
	  .later = { "x", "y", "z" } },
	{ .now = { .name = "count", .type = MT_OPT_INT, .def = "3", .help = "A number." } },
	{ .now = { .name = NULL } }
};
static const struct newer_fact writes[] = {
	{ .now = { .key = "t-newer.count", .type = MT_INT, .help = "The option." }, .later = 1 },
	{ .now = { .key = "t-newer.host", .type = MT_INT, .help = "Bytes of struct mt_host." } },
	{ .now = { .key = NULL } }
};

static int
newer_open(const struct mt_host *h, const struct mt_conf *conf, void **ctx, struct mt_result *why)
{
	(void)conf;
	(void)ctx;
	(void)why;
	host = h;
	return 0;
}

/* It looks at the host's size before it uses what it may not have. */
static int
newer_message(void *ctx, struct mt_msg *m, struct mt_result *result)
{
	struct mt_fact count = { .key = "t-newer.count", .type = MT_INT,
		.num = host->conf_int(host->conf(m), "count") };
	struct mt_fact size = { .key = "t-newer.host", .type = MT_INT, .num = host->size };

	(void)ctx;
	(void)result;
	return host->fact_set(m, &count) != 0 || host->fact_set(m, &size) != 0 ? -1 : 0;
}

MT_EXPORT const struct mt_stage *mailtri_stage_v1(void);

const struct mt_stage *
mailtri_stage_v1(void)
{
	static const struct newer_stage stage = { .now = {
		.size = sizeof(struct newer_stage), .abi_major = MT_ABI_MAJOR,
		.abi_minor = MT_ABI_MINOR + 7, .option_stride = sizeof(struct newer_option),
		.fact_stride = sizeof(struct newer_fact), .name = "t-newer", .version = "2.0",
		.summary = "speaks a longer ABI", .options = &options[0].now,
		.writes = &writes[0].now, .open = newer_open, .message = newer_message } };

	return &stage.now;
}
