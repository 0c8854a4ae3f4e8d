/* SPDX-License-Identifier: BSD-2-Clause */
/* Notes, verifier keys, checkpoints and proofs from somebody else, and what
 * the roles say to each other about signing.  Nothing of it verifies: nobody
 * signed it; what parses is the one text of what it says. */
#include <stdlib.h>

#include "audit/promise.h"
#include "audit/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
proofs(struct mt_span input, const struct note_key *key)
{
	struct buf again = { 0 };
	struct checkpoint checkpoint;
	struct proof proof;

	if (proof_parse(input, &proof) != 0)
		return;
	proof_format(&proof, &again);
	if (!span_equal(buf_span(&again), input) || proof_verify(&proof, key, &checkpoint) == 0)
		abort();
	buf_free(&again);
	proof_fini(&proof);
}

static void
notes(struct mt_span input, const struct note_key *key)
{
	struct mt_span text, lines;
	struct buf payload = { 0 };

	if (note_split(input, &text, &lines) == 0) {
		if (text.len + 1 + lines.len != input.len)
			abort();
		note_line_find(lines, key, NOTE_ED25519, &payload);
	}
	buf_free(&payload);
}

static void
promises(struct mt_span input)
{
	struct promise_answer answer;
	struct promise_ask ask;
	struct promise promise = { .log = 1, .head.size = 3 };
	struct buf again = { 0 };

	if (promise_ask_unpack(input, &ask) == 0) {
		promise_check(&promise, &ask);
		promise_ask_pack(&again, &ask);
		if (!span_equal(buf_span(&again), input))
			abort();
	}
	promise_answer_unpack(input, &answer);
	buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct note_key key = { .name = "fuzz" };
	struct mt_span input = span_make(data, size);
	struct checkpoint checkpoint;
	struct note_key parsed;

	notes(input, &key);
	proofs(input, &key);
	promises(input);
	if (checkpoint_verify(&key, input, &checkpoint) == 0)
		abort();
	note_key_parse(input, &parsed);
	return 0;
}
