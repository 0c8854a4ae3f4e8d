/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is not dispatched: all of it, or what waits for one stage.  Jobs as in
 * queue/queue.h.
 */
#ifndef MAILTRI_QUEUE_PAUSE_H
#define MAILTRI_QUEUE_PAUSE_H

#include "queue/queue.h"

/* Whether anything is dispatched.  Survives restarts. */
struct queue_pause {
	struct store_job job;
	const char *stage;	/* NULL: every one */
	bool pause;		/* false: go on */
	struct journal_entry *entry;	/* written only where it changes, or
					 * `always' */
	bool always;
	/* out */
	bool changed;
};
void queue_pause(struct store *, struct queue_pause *);

/* The targets a stage was paused for are due now, and have until give_up_s at
 * least: none is dead for the time it had to wait. */
struct queue_wake {
	struct store_job job;
	char stage[QUEUE_NAME_SIZE];
	bool keep;		/* they are paused still: for a first trial */
	int64_t now_ms, give_up_s;
};
void queue_wake(struct store *, struct queue_wake *);

/* Stages with paused targets, and those a person paused. */
enum { QUEUE_PAUSED_MAX = 64 };
struct queue_paused {
	struct store_job job;
	/* out */
	struct queue_paused_stage {
		char stage[QUEUE_NAME_SIZE];
		bool operated;
	} stages[QUEUE_PAUSED_MAX];
	size_t count;
};
void queue_paused(struct store *, struct queue_paused *);

#endif
