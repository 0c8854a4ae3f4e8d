/* SPDX-License-Identifier: BSD-2-Clause */
/* The sender's name. */
#include "author.h"

#include <string.h>

#include "../common/field.h"
#include "../common/text.h"
#include "../common/word.h"

enum { FROM_MAX = 2048 };

struct mt_span
author_mailbox(const struct run *r)
{
	struct mt_fact from = { .text = { "", 0 } };

	if (r->host->fact_get(r->msg, "auth.from", &from) != 0)
		r->host->sender(r->msg, &from.text);
	return from.text;
}

/* What stands in front of "<ann@example.com>", without its quotation marks. */
static struct mt_span
name_cut(struct mt_span value, char *out)
{
	size_t end = value.len, n = 0;

	while (end > 0 && value.ptr[end - 1] != '<')
		end--;
	for (size_t i = 0; i + 1 < end; i++)
		if (value.ptr[i] != '"' && value.ptr[i] != '\\')
			out[n++] = value.ptr[i];
	return (struct mt_span){ out, n };
}

static const char *
line_make(const struct run *r, struct mt_span s)
{
	struct text t = { .cap = 4 * AUTHOR_UNITS_MAX };

	t.ptr = r->host->alloc(r->msg, t.cap + 1);
	text_add_line(&t, s, AUTHOR_UNITS_MAX, text_add_character);
	t.ptr[t.len] = '\0';
	return t.ptr;
}

const char *
author_name(const struct run *r)
{
	struct mt_span value, name;
	const char *line;
	char *plain, *decoded;

	if (field_find(r->host, r->msg, "From", &value) != 0 || value.len > FROM_MAX)
		return line_make(r, author_mailbox(r));
	plain = r->host->alloc(r->msg, value.len + 1);
	name = name_cut(value, plain);
	decoded = r->host->alloc(r->msg, word_bytes(name.len) + 1);
	name.len = word_decode(name, decoded, word_bytes(name.len));
	name.ptr = decoded;
	line = line_make(r, name);
	/* a name that is another's address is no name */
	if (line[0] == '\0' || strchr(line, '@') != NULL)
		return line_make(r, author_mailbox(r));
	return line;
}

int
author_ask(struct run *r, const struct query *q, json_t *input, const struct answer **a)
{
	const char *name = run_is_oauth(r) ? author_name(r) : "";
	int status = 0;

	if (name[0] != '\0') {
		json_t *named = json_copy(input);

		json_object_set_new(named, "createAsUser", json_string(name));
		status = run_ask(r, q, json_pack("{s:o}", "input", named), a);
		if (status != 0 || (*a)->kind != ANSWER_INVALID) {
			json_decref(input);
			return status;
		}
	}
	return run_ask(r, q, json_pack("{s:o}", "input", input), a);
}
