/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The integrations of the configuration in force (engine/integration.h): one
 * a deliver stage, or one a system it speaks to where its routes differ in
 * that.  They outlive generations; what is told of them (log, audit, targets
 * woken) is told here.
 */
#ifndef MAILTRI_ENGINE_INTEGRATIONS_H
#define MAILTRI_ENGINE_INTEGRATIONS_H

#include "engine/engine.h"
#include "engine/integration.h"
#include "pipeline/probe.h"
#include "queue/pause.h"

struct integrated {
	struct integrated *next;
	struct integrations *all;
	struct integration it;
	char stage[QUEUE_NAME_SIZE];
	char *target;		/* values of its MT_OPT_TARGET options */
	bool alone;		/* its stage has no other */
	bool gone;		/* of an earlier configuration */
	bool left;		/* targets are paused since before we started */
	uint32_t index;		/* of the stage in the current settings */
	char *route;		/* one that leads there; NULL: the base */
	char *routes;		/* as in struct queue_lane */
	bool others;
	struct probe probe;
	struct generation *probed_by;
};

struct integrations *integrations_new(struct engine *);
/* Another configuration is in force. */
void integrations_take(struct integrations *);
/* False: what an earlier process left is still being read; dispatch_wake()
 * follows. */
bool integrations_ready(struct integrations *);

/* Those behind; NULL: no such stage. */
struct integrated *integrations_find(struct integrations *, const char *stage,
    const char *route);
struct integrated *integrations_next(struct integrations *, struct integrated *,
    const char *stage);	/* of one stage; NULL: the first, or no more */

/* What may be asked of the queue, in the arena; probes that are due begin.
 * full: the engine has no room but for an integration that has no call out. */
const struct queue_lane *integrations_lanes(struct integrations *, struct arena *,
    bool full, size_t *count);
int64_t integrations_due(const struct integrations *, int64_t since_ms);	/* when to look
			 * again, for who looked last at since_ms */
bool integrated_has_room(const struct integrated *, bool full);
uint32_t integrated_begin(struct integrated *);
void integrated_end(struct integrated *);
void integrated_outcome(struct integrated *, uint32_t era, const struct mt_delivery *);

/* A person paused the stage, or no more: kept while it is not configured. */
void integrations_operated(struct integrations *, const char *stage, bool pause);
/* Their waiting targets are due, and have time. */
void integrations_wake(struct integrations *, const char *stage, bool keep);

/* handlers.h */
json_t *integrations_status(const struct integrations *);
bool integrations_wait(const char *stage, const char *route, struct handlers_wait *, void *engine);
/* integration_ask.c */
void integrations_pause(struct control_reply *, const json_t *request, void *engine);
void integrations_probe(struct control_reply *, const json_t *request, void *engine);

#endif
