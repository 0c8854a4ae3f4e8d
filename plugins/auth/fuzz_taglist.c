/* SPDX-License-Identifier: BSD-2-Clause */
/* Tag lists from anybody: no value holds what a tag list may not. */
#include <stdlib.h>

#include "base64.h"
#include "taglist.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mt_span in = { (const char *)data, size };
	struct taglist list;
	unsigned char bytes[256];
	char folded[256];
	size_t i;

	if (taglist_parse(in, &list) != 0)
		return 0;
	for (i = 0; i < list.count; i++) {
		if (memchr(list.tag[i].value.ptr, 0, list.tag[i].value.len) != NULL ||
		    memchr(list.tag[i].value.ptr, ';', list.tag[i].value.len) != NULL)
			abort();
		base64_decode(list.tag[i].value, bytes, sizeof(bytes));
	}
	taglist_folded(&list, "b", folded, sizeof(folded));
	return 0;
}
