/* SPDX-License-Identifier: BSD-2-Clause */
/* A header, an empty line, a body that is text, page and attachment in one:
 * the envelope is JSON whatever they hold. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "mailtri/stage_test.h"

MT_EXPORT const struct mt_stage *mt_stage_entry_webhook(void);
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
envelope_check(struct mt_span body)
{
	json_t *made = json_loadb(body.ptr, body.len, JSON_REJECT_DUPLICATES, NULL);

	if (made == NULL || !json_is_boolean(json_object_get(made, "truncated")))
		abort();
	for (size_t i = 0; i < body.len; i++)
		if ((unsigned char)body.ptr[i] < 0x20)
			abort();
	json_decref(made);
}

static void
part_set(struct mt_part *p, const char *type, struct mt_span s)
{
	*p = (struct mt_part){ .size = sizeof(*p), .type = mt_test_span(type), .bytes = s,
		.charset = { "", 0 }, .disposition = { "", 0 }, .filename = s };
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mt_test t;	/* large */
	static char empty[] = "\r\n\r\n";
	char *copy = malloc(size + 1), *split;
	struct mt_part parts[3];
	struct mt_span body;

	memcpy(copy, data, size);
	split = memmem(copy, size, empty, 4);
	body = split == NULL ? (struct mt_span){ copy, size } :
	    (struct mt_span){ split + 4, size - (size_t)(split + 4 - copy) };
	mt_test_init(&t, mt_stage_entry_webhook());
	mt_test_option(&t, "endpoint", "https://hooks.example.com");
	mt_test_option(&t, "secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
	mt_test_option(&t, "body_size", "1K");
	mt_test_option(&t, "include", "headers");
	mt_test_option(&t, "include", "text");
	mt_test_option(&t, "include", "html");
	mt_test_option(&t, "include", "commands");
	mt_test_option(&t, "include", "attachments");
	t.raw = (struct mt_span){ copy, split == NULL ? size : (size_t)(split + 4 - copy) };
	t.intent.params = t.sender = body;
	part_set(&parts[0], "text/plain", body);
	part_set(&parts[1], "text/html", body);
	part_set(&parts[2], "image/png", body);
	t.parts = parts;
	t.part_count = 3;
	mt_test_http(&t, 200, "");
	if (mt_test_run_deliver(&t) != 0)
		abort();
	envelope_check(t.requests[0].body);
	mt_test_fini(&t);
	free(copy);
	return 0;
}
