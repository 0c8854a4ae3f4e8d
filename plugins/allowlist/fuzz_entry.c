/* SPDX-License-Identifier: BSD-2-Clause */
/* Entry, NUL, address: whatever matches, matches by the entry's own words. */
#include <stdlib.h>
#include <string.h>

#include "entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
lines_walk(const char *line)
{
	struct mt_span head, members, member;
	size_t it = 0, before = 0;

	if (line_parse(line, &head, &members) != NULL)
		return;
	while (line_next(members, &it, &member) == 0) {
		if (member.len == 0 || it <= before)
			abort();
		before = it;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct mt_span first, address;
	struct entry e;

	memcpy(text, data, size);
	text[size] = '\0';
	first = (struct mt_span){ text, strlen(text) };
	address = first.len < size ?
	    (struct mt_span){ text + first.len + 1, size - first.len - 1 } :
	    (struct mt_span){ "", 0 };
	if (entry_parse(first, &e) == NULL && entry_match(&e, address)) {
		struct mt_span end = { address.ptr + address.len - e.domain.len, e.domain.len };

		if (e.kind == ENTRY_GROUP || address.len <= e.domain.len ||
		    !entry_same(end, e.domain) ||
		    strchr(e.kind == ENTRY_SUBDOMAINS ? "." : "@", end.ptr[-1]) == NULL)
			abort();
	}
	lines_walk(text);
	free(text);
	return 0;
}
