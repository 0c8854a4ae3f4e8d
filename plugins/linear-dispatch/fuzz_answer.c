/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields, an empty line, a body: a reply from a server nobody trusts. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mt_http_reply r = { .size = sizeof(r) };
	struct answer a;
	char *copy;
	const char *split;

	if (size < 2)
		return 0;
	r.status = data[0] == 0 ? 0 : 100 + 2 * data[0];
	r.sent = data[1];
	size -= 2;
	copy = malloc(size + 1);
	memcpy(copy, data + 2, size);
	split = memmem(copy, size, "\n\n", 2);
	r.fields = (struct mt_span){ copy, split == NULL ? 0 : (size_t)(split - copy) + 1 };
	r.body = split == NULL ? (struct mt_span){ copy, size } :
	    (struct mt_span){ split + 2, size - r.fields.len - 1 };
	answer_parse(&r, 1767225600, &a);
	if (a.retry_after_s > ANSWER_RETRY_MAX_S || strlen(a.text) > ANSWER_TEXT_MAX ||
	    (a.kind == ANSWER_DATA && a.data == NULL))
		abort();
	answer_string(&a, "issueCreate/issue/identifier");
	answer_string(&a, "teams/nodes/0/id");
	answer_free(&a);
	free(copy);
	return 0;
}
