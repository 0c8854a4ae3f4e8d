/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of a backup as somebody else wrote it: what is taken says the same
 * when it is written again, and names no file that is not a backup's. */
#include <stdlib.h>

#include "ctl/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* With the hash it should have, so that the rest is looked at, too. */
static void
with_end(const uint8_t *data, size_t size, struct buf *text)
{
	struct mt_span all = span_make(data, size);
	uint8_t hash[HASH_SIZE];
	char hex[2 * HASH_SIZE + 1];

	hash_sha256(&all, 1, hash);
	hash_hex(hash, HASH_SIZE, hex);
	buf_add(text, data, size);
	buf_printf(text, "end %s\n", hex);
}

static void
check(struct mt_span text)
{
	char why[MANIFEST_WHY_MAX];
	struct manifest m;

	if (manifest_parse(text, &m, why) == 0)
		for (size_t i = 0; i < m.count; i++)
			if (!manifest_is_name(m.kind, m.list[i].name) ||
			    strstr(m.list[i].name, "..") != NULL)
				abort();
	manifest_free(&m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = { 0 };

	check(span_make(data, size));
	with_end(data, size, &text);
	check(buf_span(&text));
	buf_free(&text);
	return 0;
}
