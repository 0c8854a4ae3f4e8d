/* SPDX-License-Identifier: BSD-2-Clause */
/* A line of subject, then a text: tags and commands, behind the fake host. */
#include <stdlib.h>
#include <string.h>

#include "mailtri/stage_test.h"

#include "body.h"
#include "wish.h"

MT_EXPORT const struct mt_stage *mt_stage_entry_linear(void);
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct mt_test t;

static void
wishes_read(const struct run *r, struct mt_span subject, struct mt_span text, int markdown)
{
	struct wish w;
	struct mt_span rest;

	wish_init(&w, r);
	wish_options(&w);
	rest = wish_subject(&w, subject);
	if (rest.len > subject.len)
		abort();
	rest = wish_text(&w, text, markdown);
	if (rest.len > text.len || rest.ptr + rest.len != text.ptr + text.len)
		abort();
	if (wish_priority(&w) > 4 || w.label_count > WISH_LABELS_MAX)
		abort();
	for (size_t i = 0; i < WISH_LABEL; i++) {	/* what JSON can hold */
		json_t *s = w.one[i].text == NULL ? NULL : json_string(w.one[i].text);

		if (w.one[i].text != NULL && s == NULL)
			abort();
		json_decref(s);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mt_delivery out = { .size = sizeof(out) };
	struct run r = { .out = &out, .key = "" };
	const char *p, *line;
	char *copy;

	if (size < 1)
		return 0;
	copy = malloc(size);
	memcpy(copy, data + 1, size - 1);
	p = copy;
	line = memchr(p, '\n', size - 1);
	mt_test_init(&t, mt_stage_entry_linear());
	if (data[0] & 2)
		mt_test_option(&t, "teams", "OPS");
	r.host = &t.host;
	r.msg = &t.msg;
	r.conf = t.host.conf(&t.msg);
	wishes_read(&r, (struct mt_span){ p, line == NULL ? size - 1 : (size_t)(line - p) },
	    (struct mt_span){ line == NULL ? p : line, line == NULL ? 0 :
	    size - 1 - (size_t)(line - p) }, data[0] & 1);
	mt_test_blocks_free(&t.passing);
	mt_test_fini(&t);
	free(copy);
	return 0;
}
