/* SPDX-License-Identifier: BSD-2-Clause */
/* Members of JSON objects as harmless text. */
#include "ctl/member.h"

#include <stdlib.h>
#include <time.h>

#include "ctl/term.h"

const char *
member_text(struct arena *arena, const json_t *object, const char *name)
{
	const json_t *v = json_object_get(object, name);
	const char *text = NULL;
	char *dumped;

	if (json_is_string(v))
		return term_text(arena, span_make(json_string_value(v), json_string_length(v)));
	if (v == NULL || json_is_null(v))
		return NULL;
	dumped = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
	if (dumped != NULL)
		text = term_text(arena, span_of(dumped));
	free(dumped);
	return text;
}

const char *
time_text(struct arena *arena, int64_t unix_s)
{
	char *out = arena_alloc(arena, 32);
	time_t t = (time_t)unix_s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return "?";
	return out;
}
