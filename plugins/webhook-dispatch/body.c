/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of a mail: what it says, and what comes with it. */
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "envelope.h"
#include "value.h"

static int
is_word(struct mt_span s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.ptr, word, s.len) == 0;
}

void
body_find(const struct mt_host *h, struct mt_msg *m, struct body *b)
{
	struct mt_part part = { .size = sizeof(part) };
	size_t it = 0;

	*b = (struct body){ .text.type = { "", 0 }, .html.type = { "", 0 } };
	for (size_t at = 0; h->part_next(m, &it, &part) == 0; at++) {
		if (is_word(part.disposition, "attachment")) {
			continue;
		} else if (b->text.type.len == 0 && is_word(part.type, "text/plain")) {
			b->text = part;
			b->text_at = at;
		} else if (b->html.type.len == 0 && is_word(part.type, "text/html")) {
			b->html = part;
			b->html_at = at;
		}
	}
}

static json_t *
digest(struct mt_span bytes)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1];
	unsigned len;

	if (EVP_Digest(bytes.ptr, bytes.len, sum, &len, EVP_sha256(), NULL) != 1)
		return NULL;
	for (unsigned i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	return json_string(hex);
}

json_t *
body_attachments(const struct mt_host *h, struct mt_msg *m, const struct body *b, int *cut)
{
	struct mt_part p = { .size = sizeof(p) };
	json_t *list = json_array();
	size_t it = 0;

	for (size_t at = 0; h->part_next(m, &it, &p) == 0; at++) {
		if ((b->text.type.len > 0 && at == b->text_at) ||
		    (b->html.type.len > 0 && at == b->html_at))
			continue;
		if (json_array_size(list) >= ENVELOPE_ATTACHMENTS_MAX) {
			*cut = 1;
			break;
		}
		json_array_append_new(list, json_pack("{s:I, s:o, s:o, s:o, s:I, s:o}",
		    "index", (json_int_t)at,
		    "filename", value_line_or_null(p.filename, ENVELOPE_FILENAME_MAX, cut),
		    "type", value_line(p.type, ENVELOPE_WORD_MAX, cut),
		    "disposition", value_line_or_null(p.disposition, ENVELOPE_WORD_MAX, cut),
		    "size", (json_int_t)p.bytes.len, "sha256", digest(p.bytes)));
	}
	return list;
}
