/* SPDX-License-Identifier: BSD-2-Clause */
/* The hash chain of the journal, by itself: who verifies needs no database. */
#include "store/journal.h"

#include "base/span.h"

void
journal_leaf_hash(struct mt_span leaf, uint8_t out[HASH_SIZE])
{
	struct mt_span parts[] = { span_make("\0", 1), leaf };

	hash_sha256(parts, 2, out);
}

void
journal_chain(uint8_t chain[HASH_SIZE], struct mt_span leaf)
{
	uint8_t hash[HASH_SIZE];
	struct mt_span parts[] = { span_make(chain, HASH_SIZE), span_make(hash, HASH_SIZE) };

	journal_leaf_hash(leaf, hash);
	hash_sha256(parts, 2, chain);
}
