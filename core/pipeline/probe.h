/* SPDX-License-Identifier: BSD-2-Clause */
/* One run of a stage's probe() in a worker that has it. */
#ifndef MAILTRI_PIPELINE_PROBE_H
#define MAILTRI_PIPELINE_PROBE_H

#include "pipeline/call.h"
#include "pipeline/pool.h"

enum probe_end {
	PROBE_ANSWERED,		/* `outcome' has its word; NULL: it cannot be read */
	PROBE_ASKS,		/* questions nobody answers here: it tells nothing */
	PROBE_LOST		/* the worker died, or it took too long */
};

/* The owner's; in use until done() is called, which may free it. */
struct probe {
	uint32_t stage;		/* index in the settings */
	const char *route;	/* whose options; NULL: the base */
	void (*done)(struct probe *, enum probe_end, const struct outcome *);
	void *arg;
	struct request request;
};

/* id: unique in the pool. */
void probe_start(struct probe *, struct pool *, uint32_t id, uint32_t deadline_ms);

/* It ran and had no objection. */
bool probe_passed(const struct outcome *);

#endif
