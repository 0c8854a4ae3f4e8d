/* SPDX-License-Identifier: BSD-2-Clause */
/* An audit log from somebody else: lines, notes, verifier keys, leaves and
 * openings.  Nothing of it verifies: nobody signed it. */
#include <stdlib.h>

#include "audit/export.h"
#include "audit/record.h"
#include "audit/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
lines(struct mt_span text, const struct note_key *key)
{
	struct verifier *v = verifier_new(key, NULL);
	struct verify_result result;

	while (text.len > 0) {
		const char *end = memchr(text.ptr, '\n', text.len);
		size_t n = end != NULL ? (size_t)(end - text.ptr) : text.len;

		verifier_line(v, span_make(text.ptr, n));
		n += end != NULL;
		text = span_make(text.ptr + n, text.len - n);
	}
	verifier_finish(v, true, &result);
	if (result.status != VERIFY_ALTERED)
		abort();
}

static void
rows(struct mt_span input)
{
	static const struct slot slot = { .number = 1, .generation = 1 };
	struct journal_row row = { .event = "evt_fuzz", .leaf = input, .slot = 1, .generation = 1 };
	struct buf sealed = { 0 }, out = { 0 };

	seal_close(&slot, SEAL_OPENING, SPAN("evt_fuzz"), input, &sealed);
	row.opening = buf_span(&sealed);
	audit_record(&row, &slot, &out);
	audit_record(&row, NULL, &out);
	audit_value(&row, &slot, "report", &out);
	export_leaf(&row, &out);
	export_opening(&row, &slot, &out);
	buf_free(&sealed);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct note_key key = { .name = "fuzz" };
	struct mt_span input = span_make(data, size);
	struct note_key parsed;
	struct buf note = { 0 };
	struct checkpoint checkpoint;

	lines(input, &key);
	rows(input);
	if (checkpoint_verify(&key, input, &checkpoint) == 0)
		abort();
	note_key_parse(input, &parsed);
	checkpoint_line_parse(input, &note);
	buf_free(&note);
	return 0;
}
