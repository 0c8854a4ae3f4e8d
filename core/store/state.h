/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stages remember over messages: "one of LIMIT in the window" and
 * values.  Keys are HMACs under the installation's key made by the caller
 * (32 bytes), values are sealed.  Limit 1 ("once") lies in the queue's
 * database and is exact over crashes; counters and values lie in a second
 * one and may lose the last second.
 *
 * A window begins with its first taking and ends window_s later.
 */
#ifndef MAILTRI_STORE_STATE_H
#define MAILTRI_STORE_STATE_H

#include "store/store.h"

enum { STATE_VALUE_MAX = 64 * 1024, STATE_EVENT_SIZE = 40 };

/* Takings become durable in the accepting transaction (queue/queue.h). */
struct state_claim {
	uint8_t key[HASH_SIZE];
	uint32_t limit, window_s;
};

/* How a claim stands; nothing is taken.  Tentative takings of mails in
 * flight are the caller's to add. */
struct state_look {
	struct store_job job;
	struct state_claim claim;
	int64_t now_s;
	/* out */
	uint32_t used, retry_after_s;
	char holder[STATE_EVENT_SIZE];	/* limit 1 and used: who */
	bool holder_seen;	/* the holder's sender saw our 250, or the
				 * holder is gone */
};
void state_look(struct store *, struct state_look *);

struct state_get {
	struct store_job job;
	uint8_t key[HASH_SIZE];
	int64_t now_s;
	/* out */
	bool found;
	struct buf value;	/* the caller frees */
};
void state_get(struct store *, struct state_get *);

struct state_put {
	uint8_t key[HASH_SIZE];
	struct mt_span value;	/* at most STATE_VALUE_MAX; empty: forget */
	int64_t until_s;
};

/* Loop thread.  True: nobody holds it, and no look is needed.  A claim that
 * is about to be taken must be expected before its job is submitted. */
bool state_claim_is_free(struct store *, const struct state_claim *);
void state_claim_expect(struct store *, const struct state_claim *, int64_t now_s);

/* In a job's run(). */
uint32_t state_claim_used(struct store *, const struct state_claim *, int64_t now_s);	/* limit
		 * above 1 */
bool state_claim_holder(struct store *, const struct state_claim *, int64_t now_s,
    char holder[STATE_EVENT_SIZE], bool *seen);
void state_claim_take(struct store *, const struct state_claim *, int64_t now_s,
    const char *event);
void state_put_value(struct store *, const struct state_put *);
void state_expire(struct store *, int64_t now_s);	/* what has run out */

#endif
