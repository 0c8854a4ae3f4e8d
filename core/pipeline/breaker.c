/* SPDX-License-Identifier: BSD-2-Clause */
/* Counting failures, asking probe(), opening and closing. */
#include "pipeline/mail.h"

#include <time.h>

#include "base/log.h"
#include "pipeline/breaker.h"

static const struct setting_stage *
stage_of(const struct breaker *b)
{
	return &b->pipeline->settings->stages[b->stage];
}

static void
probed(struct breaker *b, bool passed, const char *why)
{
	b->probing = false;
	b->failures = 0;
	b->retry_ms = clock_ms() + BREAKER_RETRY_MS;
	if (passed == b->open)
		log_at(passed ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "stage %s %s", stage_of(b)->name,
		    passed ? "works again" : "is not called any more: its probe fails");
	if (!passed && *why != '\0')
		log_warning("stage %s: probe: %s", stage_of(b)->name, why);
	b->open = !passed;
}

/* A probe that asks questions tells nothing by its first run. */
static void
probe_done(struct probe *p, enum probe_end end, const struct outcome *o)
{
	char why[300] = "";

	if (o != NULL)
		log_quote(why, sizeof(why), span_of(o->result.text));
	probed(p->arg, end == PROBE_ASKS || probe_passed(o), why);
}

static void
probe(struct breaker *b)
{
	b->probing = true;
	b->probe = (struct probe){ .stage = b->stage, .done = probe_done, .arg = b };
	probe_start(&b->probe, b->pipeline->workers[b->stage], ++b->pipeline->traffic->last_id,
	    stage_of(b)->deadline_ms);
}

static struct breaker *
breaker_of(struct pipeline *p, uint32_t stage)
{
	struct breaker *b = &p->breakers[stage < BREAKERS_MAX ? stage : 0];

	if (stage >= BREAKERS_MAX || p->workers[stage] == NULL ||
	    (p->settings->stages[stage].descriptor.callbacks & DESCRIPTOR_PROBE) == 0)
		return NULL;
	b->pipeline = p;
	b->stage = stage;
	return b;
}

void
breaker_failed(struct pipeline *p, uint32_t stage)
{
	struct breaker *b = breaker_of(p, stage);

	if (b == NULL || b->open || b->probing)
		return;
	if (clock_ms() - b->since_ms > BREAKER_WINDOW_MS) {
		b->since_ms = clock_ms();
		b->failures = 0;
	}
	if (++b->failures >= BREAKER_FAILURES)
		probe(b);
}

bool
breaker_is_open(struct pipeline *p, uint32_t stage)
{
	struct breaker *b = breaker_of(p, stage);

	if (b == NULL || !b->open)
		return false;
	if (!b->probing && clock_ms() >= b->retry_ms)
		probe(b);
	return b->open;
}
