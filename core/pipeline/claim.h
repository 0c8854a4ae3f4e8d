/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Claims of mails in flight: tentative, visible at once to every other mail,
 * gone when their holder is.  They become durable in the accepting
 * transaction, which is the store's matter.
 */
#ifndef MAILTRI_PIPELINE_CLAIM_H
#define MAILTRI_PIPELINE_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

enum { CLAIM_KEY_SIZE = 32 };

struct claim {
	struct claim *next;	/* in its bucket */
	struct claim *next_held;	/* of its holder */
	uint8_t key[CLAIM_KEY_SIZE];
	uint32_t flags, limit, window_s;
};

struct claims {
	struct claim **buckets;
	uint32_t size, used;
};

uint32_t claims_count(const struct claims *, const uint8_t key[CLAIM_KEY_SIZE]);
struct claim *claims_add(struct claims *, const uint8_t key[CLAIM_KEY_SIZE]);
void claims_remove(struct claims *, struct claim *);	/* frees */

#endif
