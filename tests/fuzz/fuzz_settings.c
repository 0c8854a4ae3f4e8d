/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings, secrets and descriptors from bytes nobody vouches for. */
#include <stdlib.h>

#include "conf/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What unpacks must pack to something that unpacks again. */
static void
settings_again(const struct settings *s)
{
	struct buf b = { 0 };
	struct settings *again;

	settings_pack(&b, s);
	if (settings_unpack(buf_span(&b), &again) != 0)
		abort();
	settings_free(again);
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mt_span in = span_make(data, size);
	struct unpack u = unpack_of(in);
	struct arena a = { 0 };
	struct descriptor d;
	struct settings *s;
	struct secrets *secrets;

	if (settings_unpack(in, &s) == 0) {
		settings_again(s);
		settings_free(s);
	}
	if (secrets_unpack(in, &secrets) == 0)
		secrets_free(secrets);
	descriptor_unpack(&u, &a, &d);
	arena_free(&a);
	return 0;
}
