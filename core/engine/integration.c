/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits, breaker and pause of one integration: decisions without input and
 * output. */
#include "engine/integration.h"

#include <stdio.h>

static bool
is_limited(const struct integration *it, int64_t now_ms)
{
	return now_ms < it->limited_ms;
}

/* One call at a time, once its time has come. */
static bool
may_try(const struct integration *it, int64_t now_ms)
{
	return it->out == 0 && now_ms >= it->until_ms && !it->operated &&
	    (it->state == INTEGRATION_OPEN || !it->has_probe);
}

uint32_t
integration_room(const struct integration *it, int64_t now_ms)
{
	if (is_limited(it, now_ms))
		return 0;
	if (it->state != INTEGRATION_RUNNING)
		return may_try(it, now_ms) ? 1 : 0;
	return it->out < it->concurrency ? it->concurrency - it->out : 0;
}

int64_t
integration_next(const struct integration *it, int64_t now_ms)
{
	int64_t next = it->limited_ms;

	if (it->operated || it->probing)
		return INT64_MAX;
	if (it->state == INTEGRATION_PAUSED && it->has_probe)
		return it->until_ms;
	if (it->state != INTEGRATION_RUNNING && it->until_ms > next)
		next = it->until_ms;
	return next > now_ms ? next : INT64_MAX;
}

bool
integration_wants_probe(const struct integration *it, int64_t now_ms)
{
	return it->state == INTEGRATION_PAUSED && it->has_probe && !it->operated &&
	    !it->probing && now_ms >= it->until_ms;
}

const char *
integration_word(const struct integration *it, int64_t now_ms)
{
	if (it->state == INTEGRATION_PAUSED)
		return "paused";
	if (is_limited(it, now_ms))
		return "limited";
	if (it->state == INTEGRATION_OPEN)
		return now_ms < it->until_ms ? "open" : "trying";
	return "running";
}

uint32_t
integration_begin(struct integration *it)
{
	it->out++;
	return it->era;
}

void
integration_end(struct integration *it)
{
	it->out--;
}

static void
reason_set(struct integration *it, const char *reason)
{
	snprintf(it->reason, sizeof(it->reason), "%s", reason);
}

static int64_t
backoff(struct integration *it, uint32_t min_s, struct integration_moment m)
{
	const struct schedule s = { min_s, it->schedule.max_s };

	return m.now_ms + (int64_t)schedule_wait(&s, ++it->waits, m.random) * 1000;
}

static enum integration_change
works(struct integration *it)
{
	enum integration_state before = it->state;

	it->retries = 0;
	if (before == INTEGRATION_RUNNING)
		return INTEGRATION_NONE;
	it->state = INTEGRATION_RUNNING;
	it->waits = 0;
	it->era++;
	reason_set(it, "");
	return before == INTEGRATION_PAUSED ? INTEGRATION_RESUMED : INTEGRATION_CLOSED;
}

static enum integration_change
told_success(struct integration *it, bool current)
{
	return current && !it->operated ? works(it) : INTEGRATION_NONE;
}

static void
limit(struct integration *it, const struct mt_delivery *d, int64_t now_ms)
{
	int64_t until = now_ms + (int64_t)schedule_asked(d) * 1000;

	if (until > it->limited_ms)
		it->limited_ms = until;
	if (it->state == INTEGRATION_RUNNING)
		reason_set(it, d->reason);
}

/* Whoever asks us to wait is well: that is no failure of the breaker's. */
static enum integration_change
told_retry(struct integration *it, bool current, const struct mt_delivery *d,
    struct integration_moment m)
{
	bool first;

	if (d->retry_after_s > 0) {
		limit(it, d, m.now_ms);
		return INTEGRATION_NONE;
	}
	if (!current || it->operated)
		return INTEGRATION_NONE;
	if (it->state == INTEGRATION_PAUSED) {	/* a trial that tells nothing */
		it->until_ms = m.now_ms + (int64_t)it->schedule.max_s * 1000;
		return INTEGRATION_NONE;
	}
	if (it->state == INTEGRATION_RUNNING && ++it->retries < INTEGRATION_RETRIES)
		return INTEGRATION_NONE;
	first = it->state == INTEGRATION_RUNNING;
	it->state = INTEGRATION_OPEN;
	it->era++;
	it->until_ms = backoff(it, it->schedule.min_s, m);
	reason_set(it, d->reason);
	return first ? INTEGRATION_OPENED : INTEGRATION_NONE;
}

static enum integration_change
told_pause(struct integration *it, bool current, const struct mt_delivery *d,
    struct integration_moment m)
{
	int64_t later = m.now_ms + (int64_t)it->schedule.max_s * 1000;

	if (it->state == INTEGRATION_PAUSED) {
		if (current && !it->has_probe)
			it->until_ms = later;
		return INTEGRATION_NONE;
	}
	it->state = INTEGRATION_PAUSED;
	it->era++;
	it->until_ms = it->has_probe ? backoff(it, INTEGRATION_PROBE_MIN_S, m) : later;
	reason_set(it, d->reason);
	return INTEGRATION_REFUSED;
}

/* MT_FAILED is of that mail alone: it neither opens nor closes anything. */
enum integration_change
integration_outcome(struct integration *it, uint32_t era, const struct mt_delivery *d,
    struct integration_moment m)
{
	bool current = era == it->era;

	if (d->status == MT_DELIVERED || d->status == MT_DUPLICATE)
		return told_success(it, current);
	if (d->status == MT_RETRY)
		return told_retry(it, current, d, m);
	if (d->status == MT_PAUSE)
		return told_pause(it, current, d, m);
	return INTEGRATION_NONE;
}

/* Paused no more, but not yet believed. */
static enum integration_change
half_open(struct integration *it)
{
	it->state = INTEGRATION_OPEN;
	it->operated = false;
	it->until_ms = 0;
	it->era++;
	return INTEGRATION_RESUMED;
}

enum integration_change
integration_probed(struct integration *it, bool passed, struct integration_moment m)
{
	it->probing = false;
	if (it->state != INTEGRATION_PAUSED || it->operated)
		return INTEGRATION_NONE;
	if (passed)
		return half_open(it);
	it->until_ms = backoff(it, INTEGRATION_PROBE_MIN_S, m);
	return INTEGRATION_NONE;
}

enum integration_change
integration_pause(struct integration *it)
{
	if (it->operated)
		return INTEGRATION_NONE;
	it->state = INTEGRATION_PAUSED;
	it->operated = true;
	it->era++;
	reason_set(it, "operator.pause");
	return INTEGRATION_REFUSED;
}

enum integration_change
integration_resume(struct integration *it)
{
	it->limited_ms = 0;
	it->waits = 0;
	if (it->state == INTEGRATION_PAUSED)
		return half_open(it);
	it->until_ms = 0;
	return INTEGRATION_NONE;
}

void
integration_recover(struct integration *it)
{
	if (it->state != INTEGRATION_RUNNING)
		return;
	half_open(it);
	reason_set(it, "host.restarted");
}

void
integration_look(struct integration *it, int64_t now_ms)
{
	if (it->state != INTEGRATION_PAUSED || it->operated)
		return;
	it->waits = 0;
	it->until_ms = now_ms;
}
