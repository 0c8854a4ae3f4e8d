/* SPDX-License-Identifier: BSD-2-Clause */
/* Claims and kept values of stages: keys, and how they stand in the store. */
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

struct look {
	struct state_look state;
	struct engine *engine;
	uint32_t mail;
	struct buf question;
};

struct get {
	struct state_get state;
	struct engine *engine;
	uint32_t mail;
	struct buf question;
};

void
claim_key(void *arg, struct mt_span stage, struct mt_span key, uint8_t out[CLAIM_KEY_SIZE])
{
	const struct engine *e = ((struct generation *)arg)->engine;
	struct mt_span parts[] = { SPAN("claim\0"), stage, SPAN("\0"), key };

	hash_hmac(e->installation_key, parts, 4, out);
}

static void
looked(struct store_job *job)
{
	struct look *l = job->arg;
	struct mail *m = mail_find(&l->engine->traffic, l->mail);
	struct claim *c = m == NULL ? NULL : m->held;

	while (c != NULL && memcmp(c->key, l->state.claim.key, HASH_SIZE) != 0)
		c = c->next_held;
	if (c != NULL && !m->ended)
		mail_looked(m, c, buf_span(&l->question), l->state.used,
		    l->state.retry_after_s, l->state.holder, l->state.holder_seen);
	buf_free(&l->question);
	free(l);
}

void
claim_look(void *arg, struct mail *m, struct claim *c, struct mt_span question)
{
	struct engine *e = ((struct generation *)arg)->engine;
	struct state_claim claim = { .limit = c->limit, .window_s = c->window_s };
	struct look *l;

	memcpy(claim.key, c->key, HASH_SIZE);
	if (state_claim_is_free(e->store, &claim)) {
		mail_looked(m, c, question, 0, 0, "", true);
		return;
	}
	l = xcalloc(1, sizeof(*l));
	l->engine = e;
	l->mail = m->id;
	buf_add(&l->question, question.ptr, question.len);
	l->state = (struct state_look){ .now_s = m->now, .claim = claim,
		.job = { .done = looked, .arg = l } };
	state_look(e->store, &l->state);
}

static void
got(struct store_job *job)
{
	struct get *g = job->arg;
	struct mail *m = mail_find(&g->engine->traffic, g->mail);
	struct mt_span value = buf_span(&g->state.value);
	struct answer a = { .question = buf_span(&g->question), .rr = &value,
		.status = g->state.found ? MT_OK : MT_NODATA, .count = g->state.found };

	if (m != NULL)
		mail_answer(m, &a);
	buf_free(&g->question);
	buf_wipe(&g->state.value);
	free(g);
}

void
claim_get(void *arg, struct mail *m, const uint8_t key[CLAIM_KEY_SIZE], struct mt_span question)
{
	struct engine *e = ((struct generation *)arg)->engine;
	struct get *g = xcalloc(1, sizeof(*g));

	g->engine = e;
	g->mail = m->id;
	buf_add(&g->question, question.ptr, question.len);
	g->state = (struct state_get){ .now_s = m->now,
		.job = { .done = got, .arg = g } };
	memcpy(g->state.key, key, HASH_SIZE);
	state_get(e->store, &g->state);
}

struct load {
	struct state_get state;
	struct engine *engine;
};

static void
poisons_loaded(struct store_job *job)
{
	struct load *l = job->arg;

	if (l->state.found &&
	    poisons_unpack(&l->engine->poisons, buf_span(&l->state.value)) != 0)
		log_error("what is kept of poisonous mail cannot be read and is forgotten");
	buf_free(&l->state.value);
	free(l);
}

void
claim_poisons_load(struct engine *e)
{
	struct load *l = xcalloc(1, sizeof(*l));

	l->engine = e;
	l->state = (struct state_get){ .now_s = now_s(),
		.job = { .done = poisons_loaded, .arg = l } };
	suspect_list_key(&e->current->pipeline, l->state.key);
	state_get(e->store, &l->state);
}

struct keep {
	struct queue_record record;
	struct state_put put;
	struct buf packed;
};

static void
poisons_kept(struct store_job *job)
{
	struct keep *k = job->arg;

	buf_free(&k->packed);
	free(k);
}

/* Not with the record of the mail: that may be written before the worker it
 * hung is killed, and an older list never comes after a newer one. */
void
claim_poisons_keep(void *arg)
{
	struct generation *g = arg;
	struct engine *e = g->engine;
	struct keep *k = xcalloc(1, sizeof(*k));

	poisons_pack(&k->packed, &e->poisons);
	k->put = (struct state_put){ .value = buf_span(&k->packed),
		.until_s = now_s() + POISON_TTL_S };
	suspect_list_key(&g->pipeline, k->put.key);
	k->record = (struct queue_record){ .now_s = now_s(), .puts = &k->put, .put_count = 1,
		.job = { .done = poisons_kept, .arg = k } };
	queue_record(e->store, &k->record);
}
