/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands, found where people write them. */
#include "command.h"

#include <string.h>

#include "../common/field.h"
#include "value.h"

static int
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int
is_word(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Letters of the word that begins here; 0: it is none. */
static size_t
word_length(struct mt_span s, size_t at)
{
	size_t n = 0;

	if (at >= s.len || !is_letter(s.ptr[at]))
		return 0;
	while (at + n < s.len && is_word(s.ptr[at + n]))
		n++;
	return n;
}

static void
add(json_t *list, struct mt_span name, struct mt_span argument, const char *source, int *cut)
{
	if (json_array_size(list) >= COMMANDS_MAX || name.len > COMMAND_NAME_MAX) {
		*cut = 1;
		return;
	}
	json_array_append_new(list, json_pack("{s:o, s:o, s:s}",
	    "name", value_line(name, COMMAND_NAME_MAX, cut),
	    "argument", value_line(argument, COMMAND_ARGUMENT_MAX, cut), "source", source));
}

/* 0: the line is no command. */
static int
line_read(json_t *list, struct mt_span line, int *cut)
{
	size_t n;

	if (line.len < 2 || (line.ptr[0] != '#' && line.ptr[0] != '/'))
		return 0;
	n = word_length(line, 1);
	if (n == 0 || (1 + n < line.len && !field_is_blank(line.ptr[1 + n])))
		return 0;
	add(list, (struct mt_span){ line.ptr + 1, n },
	    (struct mt_span){ line.ptr + 1 + n, line.len - 1 - n }, "text", cut);
	return 1;
}

void
command_list_text(json_t *list, struct mt_span text, int *cut)
{
	size_t at = 0;

	while (at < text.len) {
		const char *end = memchr(text.ptr + at, '\n', text.len - at);
		struct mt_span line = { text.ptr + at, end == NULL ? text.len - at :
		    (size_t)(end - text.ptr) - at };

		if (field_trim(line).len > 0 && !line_read(list, line, cut))
			return;
		at += line.len + 1;
	}
}

void
command_list_subject(json_t *list, struct mt_span s, int *cut)
{
	for (size_t i = 0; i < s.len; i++) {
		size_t n = s.ptr[i] == '#' && (i == 0 || field_is_blank(s.ptr[i - 1])) ?
		    word_length(s, i + 1) : 0;

		if (n > 0)
			add(list, (struct mt_span){ s.ptr + i + 1, n },
			    (struct mt_span){ "", 0 }, "subject", cut);
	}
}
