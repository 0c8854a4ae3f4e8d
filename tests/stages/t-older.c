/* SPDX-License-Identifier: BSD-2-Clause */
/* A stage of before the first release: its struct ends too early. */
#include <stddef.h>

#include "mailtri/stage.h"

static int
older_open(const struct mt_host *h, const struct mt_conf *conf, void **ctx, struct mt_result *why)
{
	(void)h;
	(void)conf;
	(void)ctx;
	(void)why;
	return 0;
}

MT_EXPORT const struct mt_stage *mailtri_stage_v1(void);

const struct mt_stage *
mailtri_stage_v1(void)
{
	static const struct mt_stage stage = { .size = offsetof(struct mt_stage, message),
		.abi_major = MT_ABI_MAJOR, .abi_minor = MT_ABI_MINOR,
		.option_stride = sizeof(struct mt_option),
		.fact_stride = sizeof(struct mt_fact_decl), .name = "t-older",
		.version = "0.1", .summary = "ends too early", .open = older_open };

	return &stage;
}
