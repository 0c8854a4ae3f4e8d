/* SPDX-License-Identifier: BSD-2-Clause */
/* When heads are signed. */
#include "audit/head.h"

#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/log.h"

struct head_signer {
	struct loop *loop;
	struct store *store;
	head_ask_fn ask;
	void *arg;
	struct head_key key;
	bool has_key, asked;
	struct timer timer;
	int64_t last_ms;	/* when the last one was asked for */
	uint64_t last_size;
	struct head head;	/* the one asked for */
};

/* A head on its way into the store; outlives the signer. */
struct saving {
	struct store_job job;
	struct head head;
	struct buf note;
};

static void
saving_run(struct store *s, struct store_job *job)
{
	struct saving *saving = (struct saving *)job;

	journal_head_add(s, saving->head.size, saving->head.time_s, buf_span(&saving->note));
}

static void
saving_done(struct store_job *job)
{
	struct saving *saving = (struct saving *)job;

	buf_free(&saving->note);
	free(saving);
}

static void
signer_ask(struct head_signer *h)
{
	struct journal_head committed = store_head(h->store);
	struct buf text = { 0 };

	timer_set(h->loop, &h->timer, committed.size == 0 ? HEAD_IDLE_MS : HEAD_RETRY_MS);
	if (committed.size == 0)
		return;
	h->head.size = committed.size;
	memcpy(h->head.chain, committed.chain, HASH_SIZE);
	h->head.time_s = (int64_t)time(NULL);
	h->asked = true;
	h->last_ms = clock_ms();
	head_text(&h->key, &h->head, &text);
	h->ask(buf_span(&text), h->arg);
	buf_free(&text);
}

static void
signer_fire(struct timer *timer)
{
	struct head_signer *h = timer->arg;

	if (h->has_key)
		signer_ask(h);	/* an answer that did not come is asked for again */
}

struct head_signer *
head_signer_new(struct loop *loop, struct store *store, head_ask_fn ask, void *arg)
{
	struct head_signer *h = xcalloc(1, sizeof(*h));

	h->loop = loop;
	h->store = store;
	h->ask = ask;
	h->arg = arg;
	h->timer.fn = signer_fire;
	h->timer.arg = h;
	h->last_ms = clock_ms() - HEAD_BUSY_MS;
	return h;
}

void
head_signer_free(struct head_signer *h)
{
	if (h == NULL)
		return;
	timer_clear(h->loop, &h->timer);
	free(h);
}

void
head_signer_key(struct head_signer *h, const struct head_key *key)
{
	h->key = *key;
	h->has_key = true;
	h->asked = false;
	signer_ask(h);
}

void
head_signer_wake(struct head_signer *h)
{
	int64_t wait = h->last_ms + HEAD_BUSY_MS - clock_ms();

	if (!h->has_key || h->asked || store_head(h->store).size == h->last_size)
		return;
	if (wait <= 0)
		signer_ask(h);
	else if (h->timer.slot == 0 || h->timer.at_ms > loop_ms(h->loop) + wait)
		timer_set(h->loop, &h->timer, wait);
}

void
head_signer_signed(struct head_signer *h, struct mt_span signature)
{
	struct saving *saving;
	struct buf text = { 0 };
	struct head checked;

	if (!h->asked || signature.len != HEAD_SIGNATURE_SIZE)
		return;
	h->asked = false;
	timer_set(h->loop, &h->timer, HEAD_IDLE_MS);
	saving = xcalloc(1, sizeof(*saving));
	saving->head = h->head;
	saving->job.run = saving_run;
	saving->job.done = saving_done;
	head_text(&h->key, &h->head, &text);
	head_note(&h->key, buf_span(&text), (const uint8_t *)signature.ptr, &saving->note);
	buf_free(&text);
	if (head_verify(&h->key, buf_span(&saving->note), &checked) != 0) {
		log_error("audit: the role keys signed a head wrongly; it is not used");
		saving_done(&saving->job);
		return;
	}
	h->last_size = h->head.size;
	store_submit(h->store, &saving->job);
	head_signer_wake(h);
}

void
head_signer_lost(struct head_signer *h)
{
	h->asked = false;
	if (h->has_key)
		timer_set(h->loop, &h->timer, HEAD_BUSY_MS);
}
