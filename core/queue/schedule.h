/* SPDX-License-Identifier: BSD-2-Clause */
/* When to try again: pure functions. */
#ifndef MAILTRI_QUEUE_SCHEDULE_H
#define MAILTRI_QUEUE_SCHEDULE_H

#include "queue/queue.h"

/* A target that asks for more is asked again after a day: its clock may be
 * wrong, and a mail must not fail for one header field. */
enum { SCHEDULE_RETRY_AFTER_MAX_S = 86400 };

struct schedule {
	uint32_t min_s, max_s;	/* first and longest wait */
};

/* Seconds after the attempt-th try: doubles from min to max, then ±25 %
 * by `random', so that a backlog does not come back as one wave. */
uint32_t schedule_wait(const struct schedule *, uint32_t attempt, uint32_t random);

/* The seconds it asks for, at most a day; 0: none. */
uint32_t schedule_asked(const struct mt_delivery *);

/* What a stage said (mt_delivery.status) made a state and a time.  A retry
 * that would come after the target's give_up_s is QUEUE_FAILED; one asked for
 * by the other side (retry_after_s) comes no later than at give_up_s, and only
 * from then on it is. */
enum queue_target_state schedule_decide(const struct schedule *,
    const struct queue_target *, const struct mt_delivery *, int64_t now_ms,
    int64_t *due_ms);

#endif
