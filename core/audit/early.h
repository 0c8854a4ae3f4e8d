/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Refusals before RCPT: counted once per client, reason and minute, so that
 * a flood of connections is a handful of records.  Loop thread, no I/O.
 */
#ifndef MAILTRI_AUDIT_EARLY_H
#define MAILTRI_AUDIT_EARLY_H

#include "base/span.h"

#include <stdint.h>

enum { EARLY_MAX = 4096, EARLY_WINDOW_S = 60 };	/* beyond EARLY_MAX clients in a
			 * minute the rest is one entry of client "" */

struct early_entry {
	char client[64], reason[64], text[256];	/* text of the first */
	int64_t first_s;
	uint32_t count;
};

struct early;
struct early *early_new(void);
void early_free(struct early *);
void early_add(struct early *, struct mt_span client, struct mt_span reason,
    struct mt_span text, int64_t now_s);
/* Takes one entry whose minute is over (all: at stop); false: none. */
bool early_take(struct early *, int64_t now_s, bool all, struct early_entry *);
int64_t early_next_s(const struct early *);	/* when; INT64_MAX: empty */

#endif
