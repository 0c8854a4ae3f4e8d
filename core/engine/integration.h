/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An integration: one deliver stage and the outside system it speaks to,
 * treated as a whole.  Whether it may be called now, and what an outcome
 * means for the calls after it: pure decisions, time and chance given.
 *
 *	running   `concurrency' calls at once; none while it asked us to wait
 *	open      5 retries without a success between: nothing until a backoff
 *		  is over, then one call at a time until one succeeds
 *	paused    it refuses our credentials, or a person says so: nothing, until
 *		  its probe succeeds, or a trial where it has none, or a person
 *		  resumes it
 */
#ifndef MAILTRI_ENGINE_INTEGRATION_H
#define MAILTRI_ENGINE_INTEGRATION_H

#include "queue/schedule.h"

enum {
	INTEGRATION_RETRIES = 5,	/* in a row open it */
	INTEGRATION_PROBE_MIN_S = 60	/* first wait for a probe; at most retry_max */
};

enum integration_state { INTEGRATION_RUNNING, INTEGRATION_OPEN, INTEGRATION_PAUSED };

/* What became of it; NONE: nothing to tell. */
enum integration_change {
	INTEGRATION_NONE,
	INTEGRATION_OPENED,
	INTEGRATION_CLOSED,	/* it works again, after OPENED or a restart */
	INTEGRATION_REFUSED,	/* paused now */
	INTEGRATION_RESUMED	/* paused no more */
};

struct integration {
	struct schedule schedule;	/* retry_min, retry_max */
	uint32_t concurrency;
	bool has_probe;
	enum integration_state state;
	uint32_t out;		/* calls begun and not ended */
	uint32_t retries;	/* since the last success */
	uint32_t waits;		/* backoffs since it worked: a pause that its probe
				 * ends and the next call begins anew is long */
	uint32_t era;		/* grows when the state changes: what was begun
				 * before says nothing of it */
	bool operated;		/* paused by a person, resumed by nobody else */
	bool probing;
	int64_t limited_ms;	/* it asked for no call before */
	int64_t until_ms;	/* open, paused: the next call or probe */
	char reason[QUEUE_REASON_SIZE];	/* of what keeps it from being called */
};

struct integration_moment {
	int64_t now_ms;
	uint32_t random;
};

/* How many calls may begin now. */
uint32_t integration_room(const struct integration *, int64_t now_ms);
/* When time alone changes that; INT64_MAX: never. */
int64_t integration_next(const struct integration *, int64_t now_ms);
bool integration_wants_probe(const struct integration *, int64_t now_ms);
/* "running", "limited", "open", "trying", "paused". */
const char *integration_word(const struct integration *, int64_t now_ms);

/* A call begins; its era, to be given back with its outcome. */
uint32_t integration_begin(struct integration *);
/* It ended, with an outcome or without. */
void integration_end(struct integration *);
enum integration_change integration_outcome(struct integration *, uint32_t era,
    const struct mt_delivery *, struct integration_moment);
/* After `probing' was set. */
enum integration_change integration_probed(struct integration *, bool passed,
    struct integration_moment);

/* A person pauses or resumes it. */
enum integration_change integration_pause(struct integration *);
enum integration_change integration_resume(struct integration *);
/* Mails that it refused are left from an earlier process: half open. */
void integration_recover(struct integration *);
/* Its options or secrets may be others now: a probe or a trial at once. */
void integration_look(struct integration *, int64_t now_ms);

#endif
