/* SPDX-License-Identifier: BSD-2-Clause */
/* A JSON writer. */
#include "base/emit.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/utf8.h"

struct emit
emit_of(struct buf *out)
{
	return (struct emit){ .out = out };
}

static void
escape(struct buf *b, unsigned char c)
{
	static const char shorts[] = "\b\f\n\r\t\"\\";
	static const char letters[] = "bfnrt\"\\";
	const char *at = c == 0 ? NULL : strchr(shorts, c);

	if (at != NULL)
		buf_add(b, (char[]){ '\\', letters[at - shorts] }, 2);
	else
		buf_printf(b, "\\u%04x", c);
}

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void
quote(struct buf *b, struct mt_span s)
{
	const unsigned char *p = (const unsigned char *)s.ptr;
	size_t plain = 0;

	buf_reserve(b, s.len + 2);
	buf_add_char(b, '"');
	for (size_t i = 0; i < s.len;) {
		size_t n = is_plain(p[i]) ? 1 : utf8_length(p + i, s.len - i);

		if (n > 1 || is_plain(p[i])) {
			i += n;
			continue;
		}
		buf_add(b, p + plain, i - plain);
		if (n == 0)
			buf_add_string(b, "\xef\xbf\xbd");
		else
			escape(b, p[i]);
		plain = ++i;
	}
	if (plain < s.len)
		buf_add(b, p + plain, s.len - plain);
	buf_add_char(b, '"');
}

static void
begin(struct emit *j, const char *key)
{
	if (j->comma[j->depth])
		buf_add_char(j->out, ',');
	j->comma[j->depth] = true;
	if (key != NULL) {
		quote(j->out, span_of(key));
		buf_add_char(j->out, ':');
	}
}

static void
open_level(struct emit *j, const char *key, char c)
{
	begin(j, key);
	buf_add_char(j->out, c);
	if (++j->depth >= EMIT_DEPTH_MAX)
		log_panic("JSON deeper than %d", EMIT_DEPTH_MAX);
	j->comma[j->depth] = false;
}

void
emit_object(struct emit *j, const char *key)
{
	open_level(j, key, '{');
}

void
emit_array(struct emit *j, const char *key)
{
	open_level(j, key, '[');
}

void
emit_end_object(struct emit *j)
{
	j->depth--;
	buf_add_char(j->out, '}');
}

void
emit_end_array(struct emit *j)
{
	j->depth--;
	buf_add_char(j->out, ']');
}

void
emit_string(struct emit *j, const char *key, struct mt_span s)
{
	begin(j, key);
	quote(j->out, s);
}

void
emit_text(struct emit *j, const char *key, const char *s)
{
	if (s == NULL)
		emit_null(j, key);
	else
		emit_string(j, key, span_of(s));
}

void
emit_int(struct emit *j, const char *key, int64_t v)
{
	begin(j, key);
	buf_printf(j->out, "%" PRId64, v);
}

void
emit_bool(struct emit *j, const char *key, bool v)
{
	begin(j, key);
	buf_add_string(j->out, v ? "true" : "false");
}

void
emit_null(struct emit *j, const char *key)
{
	begin(j, key);
	buf_add_string(j->out, "null");
}

void
emit_raw(struct emit *j, const char *key, struct mt_span s)
{
	begin(j, key);
	buf_add(j->out, s.ptr, s.len);
}
