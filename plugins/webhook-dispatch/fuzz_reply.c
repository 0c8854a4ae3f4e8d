/* SPDX-License-Identifier: BSD-2-Clause */
/* Status, fields, an empty line, a body: a reply from a server nobody trusts. */
#include <stdlib.h>
#include <string.h>

#include "reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
printable_check(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mt_http_reply r = { .size = sizeof(r) };
	struct mt_delivery out = { .size = sizeof(out) };
	char *copy;
	const char *split;

	if (size < 2)
		return 0;
	r.status = data[0] == 0 ? 0 : 100 + 2 * data[0] + data[1] % 2;
	r.sent = data[1];
	size -= 2;
	copy = malloc(size + 1);
	memcpy(copy, data + 2, size);
	split = memmem(copy, size, "\n\n", 2);
	r.fields = (struct mt_span){ copy, split == NULL ? 0 : (size_t)(split - copy) + 1 };
	r.body = split == NULL ? (struct mt_span){ copy, size } :
	    (struct mt_span){ split + 2, size - r.fields.len - 1 };
	reply_judge(&r, "msg_0", &out);
	if (strlen(out.text) > REPLY_SENTENCE_MAX || out.reason[0] == '\0')
		abort();
	if ((out.status == MT_DELIVERED || out.status == MT_DUPLICATE) &&
	    out.resource_id[0] == '\0')
		abort();
	if (out.resource_url[0] != '\0' && strncmp(out.resource_url, "https://", 8) != 0)
		abort();
	printable_check(out.text);
	printable_check(out.resource_id);
	printable_check(out.resource_url);
	free(copy);
	return 0;
}
