/* SPDX-License-Identifier: BSD-2-Clause */
/* Linear's answer to fileUpload: whatever it says, a file goes to one host,
 * with fields that cannot end a line. */
#include <stdlib.h>
#include <string.h>

#include "mailtri/stage_test.h"

#include "upload.h"

MT_EXPORT const struct mt_stage *mt_stage_entry_linear(void);
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct mt_test t;

static void
answers_set(char *body)
{
	static const char lookup[] = "{\"data\":{\"teams\":{\"nodes\":[{\"id\":\"x\"}]}}}";
	static const char made[] = "{\"data\":{\"issueCreate\":{\"success\":true,\"issue\":"
	    "{\"identifier\":\"E-1\"}}}}";

	mt_test_http(&t, 200, lookup);
	mt_test_http(&t, 200, made);
	mt_test_http(&t, 200, body);
	mt_test_http(&t, 200, body);
	mt_test_http(&t, 200, body);
	for (size_t i = 0; i < t.reply_count; i++)
		t.replies[i].fields = mt_test_span("Content-Type: application/json\r\n");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mt_part part = { .size = sizeof(part), .type = { "a/b", 3 },
		.filename = { "f", 1 }, .disposition = { "attachment", 10 }, .bytes = { "x", 1 } };
	char *body = malloc(size + 1);

	memcpy(body, data, size);
	body[size] = '\0';
	mt_test_init(&t, mt_stage_entry_linear());
	mt_test_option(&t, "api_key", "lin_api_x");
	mt_test_option(&t, "team", "E");
	mt_test_option(&t, "upload", "https://up.example");
	mt_test_option(&t, "attachments", "upload");
	t.parts = &part;
	t.part_count = 1;
	answers_set(body);
	if (mt_test_run_deliver(&t) != 0)
		abort();
	for (size_t i = 3; i < t.request_count; i++)
		if (strcmp(t.requests[i].target, "upload") == 0 && t.requests[i].path[0] != '/')
			abort();
	mt_test_fini(&t);
	upload_path(body, "https://up.example");
	free(body);
	return 0;
}
