/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of a mail that killed the process that had it in hand. */
#include <stdio.h>

#include "base/log.h"
#include "pipeline/walk.h"

static const struct mt_span stage = { "host.poison", 11 };
static const struct mt_span list_key = { "list", 4 };

void
suspect_list_key(const struct pipeline *p, uint8_t key[CLAIM_KEY_SIZE])
{
	p->ops.claim_key(p->ops.arg, stage, list_key, key);
}

void
suspect_know(struct mail *m)
{
	struct buf b = { 0 };

	if (m->has_poison_key)
		return;
	pack_span(&b, m->envelope.rcpt);
	buf_add(&b, m->raw.span.ptr, m->raw.span.len);
	m->pipeline->ops.claim_key(m->pipeline->ops.arg, stage, buf_span(&b), m->poison_key);
	m->has_poison_key = true;
	buf_free(&b);
}

/* Durable with the record of this verdict, whatever it is. */
static void
list_keep(struct mail *m)
{
	struct put *put = arena_alloc(&m->arena, sizeof(*put)), **at = &m->puts;
	uint8_t *key = arena_alloc(&m->arena, CLAIM_KEY_SIZE);
	struct buf b = { 0 };

	suspect_list_key(m->pipeline, key);
	poisons_pack(&b, m->pipeline->poisons);
	*put = (struct put){ .key = span_make(key, CLAIM_KEY_SIZE),
		.value = arena_span(&m->arena, buf_span(&b)), .ttl_s = POISON_TTL_S,
		.when = MT_ALWAYS };
	buf_free(&b);
	while (*at != NULL)
		at = &(*at)->next;
	*at = put;
}

static void
convict(struct mail *m, const char *group)
{
	const struct pipeline_ops *ops = &m->pipeline->ops;
	bool proven = ops->proven != NULL && ops->proven(ops->arg, m);
	struct verdict v = verdict_accepted();

	log_error("event=%s killed %s twice and is %s", m->event, group,
	    proven ? "held for an operator" : "refused");
	if (proven) {
		v.disposition = QUARANTINED;
		v.phase = PHASE_MESSAGE;
		snprintf(v.reason, sizeof(v.reason), "host.poison.held");
	} else {
		v = verdict_host(554, "5.6.0", "host.poison",
		    "this message ended the programs that judged it; it will not be tried again");
	}
	mail_judge(m, v);
}

bool
suspect_stops(struct mail *m, const char *group)
{
	const struct poison *known;

	if (m->pipeline->poisons == NULL || m->pipeline->poisons->count == 0 || !m->has_raw)
		return false;
	suspect_know(m);
	known = poisons_find(m->pipeline->poisons, m->poison_key, m->now);
	if (known == NULL || known->kills < POISON_KILLS || strcmp(known->group, group) != 0)
		return false;
	convict(m, group);
	return true;
}

bool
suspect_killed(struct mail *m, const char *group)
{
	uint32_t kills;

	if (m->pipeline->poisons == NULL || !m->has_raw)
		return false;
	suspect_know(m);
	kills = poisons_add(m->pipeline->poisons, m->poison_key, group, m->now);
	list_keep(m);
	if (kills < POISON_KILLS)
		return false;
	convict(m, group);
	return true;
}
