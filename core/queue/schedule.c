/* SPDX-License-Identifier: BSD-2-Clause */
/* Backoff with jitter, and the end of patience. */
#include "queue/schedule.h"

uint32_t
schedule_wait(const struct schedule *schedule, uint32_t attempt, uint32_t random)
{
	uint64_t wait = schedule->min_s;
	uint64_t spread;

	for (uint32_t i = 1; i < attempt && wait < schedule->max_s; i++)
		wait *= 2;
	if (wait > schedule->max_s)
		wait = schedule->max_s;
	spread = wait / 2;
	wait = wait - spread / 2 + (spread > 0 ? random % (spread + 1) : 0);
	return wait > UINT32_MAX ? UINT32_MAX : (uint32_t)wait;
}

uint32_t
schedule_asked(const struct mt_delivery *delivery)
{
	return delivery->retry_after_s > SCHEDULE_RETRY_AFTER_MAX_S ?
	    SCHEDULE_RETRY_AFTER_MAX_S : delivery->retry_after_s;
}

static uint32_t
wait_for(const struct schedule *schedule, const struct queue_target *target,
    const struct mt_delivery *delivery)
{
	uint32_t random;

	if (delivery->status == MT_PAUSE)
		return schedule->max_s;
	if (delivery->retry_after_s > 0)
		return schedule_asked(delivery);
	hash_random(&random, sizeof(random));
	return schedule_wait(schedule, target->attempt, random);
}

/* An attempt spent by a limit costs the mail no time: the last one is made
 * when its time is over, not before. */
static bool
gives_up(const struct queue_target *target, const struct mt_delivery *delivery,
    int64_t now_ms, int64_t *due_ms)
{
	int64_t end_ms = target->give_up_s > INT64_MAX / 1000 ? INT64_MAX :
	    target->give_up_s * 1000;

	if (*due_ms < end_ms)
		return false;
	if (delivery->retry_after_s == 0 || now_ms >= end_ms)
		return true;
	*due_ms = end_ms;
	return false;
}

enum queue_target_state
schedule_decide(const struct schedule *schedule, const struct queue_target *target,
    const struct mt_delivery *delivery, int64_t now_ms, int64_t *due_ms)
{
	static const enum queue_target_state states[] = {
		[MT_DELIVERED] = QUEUE_DELIVERED, [MT_DUPLICATE] = QUEUE_DUPLICATE,
		[MT_RETRY] = QUEUE_WAITING, [MT_FAILED] = QUEUE_FAILED, [MT_PAUSE] = QUEUE_PAUSED,
	};
	enum queue_target_state state;

	*due_ms = 0;
	if (delivery->status < MT_DELIVERED || delivery->status > MT_PAUSE)
		return QUEUE_FAILED;
	state = states[delivery->status];
	if (state != QUEUE_WAITING && state != QUEUE_PAUSED)
		return state;
	*due_ms = now_ms + (int64_t)wait_for(schedule, target, delivery) * 1000;
	if (state == QUEUE_WAITING && gives_up(target, delivery, now_ms, due_ms)) {
		*due_ms = 0;
		return QUEUE_FAILED;
	}
	return state;
}
