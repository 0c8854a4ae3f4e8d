/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What DNS answered within the last second: mails of one domain that come in a
 * burst ask the resolver once, not one after the other what it has just said.
 * Only answers that are all there at once, none an error, each with a time to
 * live; a second is too short to make that time wrong.
 */
#ifndef MAILTRI_ENGINE_RECENT_H
#define MAILTRI_ENGINE_RECENT_H

#include <stdint.h>

#include "base/span.h"

enum {
	RECENT_ROWS = 1024,
	RECENT_MS = 1000,
	RECENT_QUESTIONS_MAX = 1024,	/* bytes */
	RECENT_ANSWERS_MAX = 8192	/* bytes */
};

struct recent;

struct recent *recent_new(void);
void recent_free(struct recent *);
/* The body of the PROTO_ANSWER to these questions, packed as in PROTO_ASK,
 * under this configuration; empty: ask.  Borrowed until recent_keep(). */
struct mt_span recent_find(const struct recent *, uint32_t generation, struct mt_span questions,
    int64_t now_ms);
/* Keeps them if they may be. */
void recent_keep(struct recent *, uint32_t generation, struct mt_span questions,
    struct mt_span answers, int64_t now_ms);

#endif
