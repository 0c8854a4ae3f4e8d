/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of a mail that killed the process that had it in hand. */
#include <stdio.h>

#include "base/log.h"
#include "pipeline/walk.h"

static const struct mt_span stage = { "host.poison", 11 };
static const struct mt_span envelope = { "host.poison.envelope", 20 };
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

/* There are no bytes at RCPT: who asked for whom. */
static void
envelope_key(const struct mail *m, uint8_t key[CLAIM_KEY_SIZE])
{
	struct buf b = { 0 };

	pack_span(&b, m->envelope.client);
	pack_span(&b, m->envelope.sender);
	pack_span(&b, m->envelope.rcpt);
	m->pipeline->ops.claim_key(m->pipeline->ops.arg, envelope, buf_span(&b), key);
	buf_free(&b);
}

static void
key_of(struct mail *m, uint8_t key[CLAIM_KEY_SIZE])
{
	if (!m->has_raw) {
		envelope_key(m, key);
		return;
	}
	suspect_know(m);
	memcpy(key, m->poison_key, CLAIM_KEY_SIZE);
}

static struct verdict
refusal(const struct mail *m)
{
	struct verdict v = verdict_host(554, "5.6.0", "host.poison",
	    "this message ended the programs that judged it; it will not be tried again");

	if (m->has_raw)
		return v;
	v = verdict_host(550, "5.7.1", "host.poison.envelope",
	    "this sender and recipient ended the programs that judged them; try again in an hour");
	v.phase = PHASE_ENVELOPE;
	return v;
}

static void
convict(struct mail *m, const char *group)
{
	const struct pipeline_ops *ops = &m->pipeline->ops;
	bool proven = m->has_raw && ops->proven != NULL && ops->proven(ops->arg, m);
	struct verdict v = verdict_accepted();

	log_error("event=%s killed %s twice and is %s", m->event, group,
	    proven ? "held for an operator" : "refused");
	if (proven) {
		v.disposition = QUARANTINED;
		v.phase = PHASE_MESSAGE;
		snprintf(v.reason, sizeof(v.reason), "host.poison.held");
	} else {
		v = refusal(m);
	}
	mail_judge(m, v);
}

bool
suspect_stops(struct mail *m, const char *group)
{
	const struct poisons *known = m->pipeline->poisons;
	const struct poison *one;
	uint8_t key[CLAIM_KEY_SIZE];

	if (known == NULL || known->count == 0)
		return false;
	key_of(m, key);
	one = poisons_find(known, key, m->now);
	if (one == NULL || one->kills < POISON_KILLS || strcmp(one->group, group) != 0)
		return false;
	convict(m, group);
	return true;
}

void
suspect_killed(struct mail *m, const char *group)
{
	struct poisons *known = m->pipeline->poisons;
	uint8_t key[CLAIM_KEY_SIZE];
	int64_t until_s = m->now + (m->has_raw ? POISON_TTL_S : POISON_ENVELOPE_TTL_S);

	if (known == NULL)
		return;
	key_of(m, key);
	poisons_add(known, key, group, (struct poison_time){ m->now, until_s });
	m->pipeline->ops.keep_poisons(m->pipeline->ops.arg);
}
