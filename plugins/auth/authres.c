/* SPDX-License-Identifier: BSD-2-Clause */
/* Authentication-Results of others: read once from left to right, never guessed. */
#include "authres.h"

struct cursor {
	struct mt_span left;
	const char *fault;	/* the first; nothing is read behind it */
};

static bool
at(const struct cursor *c, char byte)
{
	return c->left.len != 0 && c->left.ptr[0] == byte;
}

static char
next(struct cursor *c)
{
	char byte = c->left.ptr[0];

	c->left = text_cut(c->left, 1);
	return byte;
}

static bool
accept(struct cursor *c, char byte)
{
	if (!at(c, byte))
		return false;
	next(c);
	return true;
}

static void
fail(struct cursor *c, const char *why)
{
	if (c->fault == NULL)
		c->fault = why;
	c->left.len = 0;
}

static bool
control(char byte)
{
	return ((unsigned char)byte < 0x20 && !text_space(byte)) || byte == 0x7f;
}

static void
skip_comment(struct cursor *c)
{
	int depth = 0;

	while (c->left.len != 0) {
		char byte = next(c);

		if (byte == '\\' && c->left.len != 0)
			byte = next(c) == '\0' ? '\0' : ' ';
		if (control(byte))
			break;
		if (byte == '(' && ++depth > AUTHRES_COMMENT_DEPTH_MAX)
			break;
		if (byte == ')' && --depth == 0)
			return;
	}
	fail(c, "a comment does not end");
}

/* White space and comments. */
static void
skip(struct cursor *c)
{
	while (c->left.len != 0) {
		if (text_space(c->left.ptr[0]))
			next(c);
		else if (at(c, '('))
			skip_comment(c);
		else
			return;
	}
}

static bool
word_byte(char c)
{
	return text_alpha(c) || text_digit(c) || c == '-' || c == '_';
}

static bool
value_byte(char c)
{
	return !text_space(c) && !control(c) && strchr(";\"()\\", c) == NULL;
}

static struct mt_span
run_of(struct cursor *c, bool (*fits)(char))
{
	struct mt_span s = { c->left.ptr, 0 };

	for (; c->left.len != 0 && fits(c->left.ptr[0]); next(c))
		s.len++;
	return s;
}

static struct mt_span
read_word(struct cursor *c)
{
	struct mt_span s;

	skip(c);
	s = run_of(c, word_byte);
	if (s.len == 0)
		fail(c, "a word is missing");
	return s;
}

static void
read_equals(struct cursor *c)
{
	skip(c);
	if (!accept(c, '='))
		fail(c, "a '=' is missing");
}

static struct mt_span
read_quoted(struct cursor *c)
{
	struct mt_span s = { c->left.ptr, 0 };

	next(c);
	while (c->left.len != 0) {
		char byte = next(c);

		if (byte == '\\' && c->left.len != 0)
			byte = next(c) == '\0' ? '\0' : ' ';
		if (control(byte))
			break;
		if (byte != '"')
			continue;
		if (!at(c, '@'))	/* else a quoted local part */
			return (struct mt_span){ s.ptr + 1, (size_t)(c->left.ptr - s.ptr) - 2 };
		run_of(c, value_byte);
		return (struct mt_span){ s.ptr, (size_t)(c->left.ptr - s.ptr) };
	}
	fail(c, "a quoted string does not end");
	return s;
}

static struct mt_span
read_value(struct cursor *c)
{
	struct mt_span s;

	skip(c);
	if (at(c, '"'))
		return read_quoted(c);
	s = run_of(c, value_byte);
	if (s.len == 0 && c->left.len != 0 && !at(c, ';'))
		fail(c, "a value is missing");
	return s;
}

/* Behind the method: a reason, a property, or what is neither. */
static void
read_property(struct cursor *c, struct authres_result *r)
{
	struct authres_property p = { .type = read_word(c) };

	skip(c);
	if (accept(c, '.')) {
		p.name = read_word(c);
		read_equals(c);
		p.value = read_value(c);
		if (r->count == AUTHRES_PROPERTIES_MAX)
			fail(c, "a result has more than 16 properties");
		else
			r->property[r->count++] = p;
		return;
	}
	read_equals(c);
	if (read_value(c).len == 0)
		fail(c, "a value is missing");
}

static void
read_result(struct cursor *c, struct authres_result *r)
{
	r->count = 0;
	r->method = read_word(c);
	skip(c);
	if (accept(c, '/') && !text_is(read_word(c), "1"))
		fail(c, "the version of a method is unknown");
	read_equals(c);
	r->result = read_word(c);
	for (skip(c); c->left.len != 0 && !at(c, ';'); skip(c))
		read_property(c, r);
}

static bool
says_none(const struct cursor *c)
{
	struct cursor ahead = *c;

	if (!text_is(read_word(&ahead), "none"))
		return false;
	skip(&ahead);
	return ahead.fault == NULL && ahead.left.len == 0;
}

static void
read_results(struct cursor *c, struct authres *out)
{
	if (c->left.len == 0)
		fail(c, "there is no result");
	while (c->left.len != 0) {
		if (!accept(c, ';'))
			fail(c, "a ';' is missing");
		skip(c);
		if (c->left.len == 0 || (out->count == 0 && says_none(c)))
			return;
		if (out->count == AUTHRES_RESULTS_MAX)
			fail(c, "there are more than 32 results");
		else
			read_result(c, &out->result[out->count++]);
	}
}

const char *
authres_parse(struct mt_span s, struct authres *out)
{
	struct cursor c = { .left = s };

	out->count = 0;
	out->id = read_value(&c);
	if (out->id.len == 0)
		fail(&c, "there is no authserv-id");
	skip(&c);
	if (c.left.len != 0 && !at(&c, ';') && !text_is(read_word(&c), "1"))
		fail(&c, "the version is unknown");
	skip(&c);
	read_results(&c, out);
	if (c.fault != NULL)
		out->count = 0;
	return c.fault;
}

const struct authres_result *
authres_only(const struct authres *a, const char *method)
{
	const struct authres_result *found = NULL;
	size_t i;

	for (i = 0; i < a->count; i++) {
		if (!text_is(a->result[i].method, method))
			continue;
		if (found != NULL)
			return NULL;
		found = &a->result[i];
	}
	return found;
}

const struct mt_span *
authres_value(const struct authres_result *r, const char *type, const char *name)
{
	const struct mt_span *found = NULL;
	size_t i;

	for (i = 0; i < r->count; i++) {
		if (!text_is(r->property[i].type, type) || !text_is(r->property[i].name, name))
			continue;
		if (found != NULL)
			return NULL;
		found = &r->property[i].value;
	}
	return found;
}
