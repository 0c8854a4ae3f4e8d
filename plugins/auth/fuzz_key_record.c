/* SPDX-License-Identifier: BSD-2-Clause */
/* Key records from anybody: a key that is let through is written anew, whole
 * and in the one form libopendkim reads. */
#include <stdlib.h>

#include "key_record.h"
#include "taglist.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct signature s = { 0 };
	struct key key = { 0 };
	struct taglist tags;
	size_t len;

	if (size == 0)
		return 0;
	s.ed25519 = (data[0] & 1) != 0;
	s.below = (data[0] & 2) != 0;
	key_record_parse((struct mt_span){ (const char *)data + 1, size - 1 }, 1024, &s, &key);
	len = strnlen(key.text, sizeof(key.text));
	if (len == sizeof(key.text) || (s.judged && s.why == NULL))
		abort();
	if (!s.judged && (taglist_parse((struct mt_span){ key.text, len }, &tags) != 0 ||
	    taglist_find(&tags, "p") == NULL))
		abort();
	return 0;
}
