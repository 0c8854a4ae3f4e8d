/* SPDX-License-Identifier: BSD-2-Clause */
/* DKIM (RFC 6376): libopendkim verifies header and signature behind rules of
 * ours, canon.c hashes the body; a bad signature does not spoil a good one. */
#ifndef MAILTRI_AUTH_DKIM_H
#define MAILTRI_AUTH_DKIM_H

#include "key_record.h"

struct dkim_engine;	/* of one process */

struct dkim_options {
	const char *const *covered;
	unsigned min_key_bits;
};

struct dkim {
	struct signature signature[SIGNATURES_MAX];
	size_t count;
	size_t seen;	/* fields of that name; the first ten are tried */
};

struct dkim_kept {	/* survives a re-run: a message is verified once */
	bool done;
	struct {
		enum word word;
		const char *why;
	} result[SIGNATURES_MAX];
};

struct dkim_engine *dkim_open(void);	/* NULL: libopendkim would not start */
void dkim_end(struct dkim_engine *);
struct dkim_input {
	struct dkim_engine *engine;
	const struct header *header;
	const struct dkim_options *options;
	struct dkim_kept *kept;
};

/* Every signature is judged afterwards unless the run is waiting. */
void dkim_check(struct run *, const struct dkim_input *, struct dkim *);

#endif
