/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakers of checking stages.  Many failures in a minute are a reason to ask
 * the stage's probe(), and only what that says opens the breaker: hostile
 * mail makes a stage fail, never its probe.  While it is open the stage's
 * on_error is applied without a call; a probe that passes closes it.  A stage
 * without probe() has none.
 */
#ifndef MAILTRI_PIPELINE_BREAKER_H
#define MAILTRI_PIPELINE_BREAKER_H

#include "pipeline/probe.h"

enum {
	BREAKER_FAILURES = 5, BREAKER_WINDOW_MS = 60000,
	BREAKER_RETRY_MS = 10000,	/* between probes while open */
	BREAKERS_MAX = 64	/* stages; those behind have none */
};

struct pipeline;

struct breaker {
	struct pipeline *pipeline;
	uint32_t stage, failures;
	int64_t since_ms, retry_ms;
	bool open, probing;
	struct probe probe;
};

void breaker_failed(struct pipeline *, uint32_t stage);
bool breaker_is_open(struct pipeline *, uint32_t stage);

#endif
