/* SPDX-License-Identifier: BSD-2-Clause */
/* One strict RFC 5322 mailbox (3.4), with the UTF-8 of RFC 6532. */
#include "from.h"

enum { COMMENT_DEPTH_MAX = 8 };

struct cursor {
	struct mt_span left;
};

static bool
at(const struct cursor *c, char byte)
{
	return c->left.len != 0 && c->left.ptr[0] == byte;
}

static void
advance(struct cursor *c)
{
	c->left = text_cut(c->left, 1);
}

static bool
control(char c)
{
	return ((unsigned char)c < 0x20 && !text_space(c)) || c == 0x7f;
}

/* A comment or quoted string; the cursor stands on its first byte. */
static bool
enclosed(struct cursor *c, char open, char close)
{
	int depth = 0;

	while (c->left.len != 0) {
		char byte = c->left.ptr[0];

		advance(c);
		if (control(byte))
			return false;
		if (byte == '\\') {
			if (c->left.len == 0 || control(c->left.ptr[0]) || text_space(c->left.ptr[0]))
				return false;
			advance(c);
		} else if (byte == close && (open != close || depth != 0)) {
			if (--depth == 0)
				return true;
		} else if (byte == open && ++depth > COMMENT_DEPTH_MAX) {
			return false;
		}
	}
	return false;
}

/* White space and comments; false: a comment that does not end. */
static bool
skip(struct cursor *c)
{
	for (;;) {
		if (c->left.len != 0 && text_space(c->left.ptr[0]))
			advance(c);
		else if (!at(c, '('))
			return true;
		else if (!enclosed(c, '(', ')'))
			return false;
	}
}

static bool
atext(char c)
{
	return text_alpha(c) || text_digit(c) || (unsigned char)c >= 0x80 ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Atoms with dots between or around them. */
static struct mt_span
dotted(struct cursor *c)
{
	struct mt_span s = { c->left.ptr, 0 };

	while (c->left.len != 0 && (atext(c->left.ptr[0]) || c->left.ptr[0] == '.')) {
		s.len++;
		advance(c);
	}
	return s;
}

static bool
dot_atom(struct mt_span s)
{
	size_t i;

	if (s.len == 0 || s.ptr[0] == '.' || s.ptr[s.len - 1] == '.')
		return false;
	for (i = 1; i < s.len; i++)
		if (s.ptr[i] == '.' && s.ptr[i - 1] == '.')
			return false;
	return true;
}

/* The words before "<": each an atom (dots allowed, as everybody writes
 * initials) or a quoted string.  *last is the last one, *count their number. */
static const char *
words(struct cursor *c, struct mt_span *last, size_t *count)
{
	for (*count = 0;; ++*count) {
		const char *start;

		if (!skip(c))
			return "a comment does not end";
		start = c->left.ptr;
		if (at(c, '"') && !enclosed(c, '"', '"'))
			return "a quoted string does not end";
		if (c->left.ptr == start && dotted(c).len == 0)
			return NULL;
		*last = (struct mt_span){ start, (size_t)(c->left.ptr - start) };
	}
}

static bool
spaced(struct mt_span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (text_space(s.ptr[i]))
			return true;
	return false;
}

/* A quoted local part without the quotes where it needs none. */
static struct mt_span
unquoted(struct mt_span s)
{
	struct mt_span inner = { s.ptr + 1, s.len - 2 };
	struct cursor c = { inner };

	return dotted(&c).len == inner.len && dot_atom(inner) ? inner : s;
}

/* local@domain from the cursor on; `local' was read already. */
static const char *
address(struct cursor *c, struct mt_span local, struct mailbox *box)
{
	struct text t = text_make(box->address, sizeof(box->address));
	char domain[DOMAIN_MAX + 1];
	struct mt_span name;

	if (local.ptr[0] == '"')
		local = unquoted(local);
	else if (!dot_atom(local))
		return "the local part is not a word";
	if (!at(c, '@'))
		return "it is not an address";
	advance(c);
	if (at(c, '['))
		return "the domain is a literal";
	name = dotted(c);
	if (!dot_atom(name) || !domain_identity(name, domain))
		return "the domain is not a domain name";
	if (local.len > LOCAL_MAX || spaced(local))
		return "the local part is too long or holds a space";
	text_add(&t, local);
	text_byte(&t, '@');
	box->domain = box->address + t.len;
	text_puts(&t, domain);
	return NULL;
}

static const char *
bracketed(struct cursor *c, struct mailbox *box)
{
	struct mt_span local = { c->left.ptr, 0 };
	const char *fault;

	if (at(c, '"') && !enclosed(c, '"', '"'))
		return "a quoted string does not end";
	local.len = (size_t)(c->left.ptr - local.ptr);
	if (local.len == 0)
		local = dotted(c);
	if (local.len == 0)
		return "it is not an address";
	fault = address(c, local, box);
	if (fault != NULL)
		return fault;
	if (!at(c, '>'))
		return "the address does not end at '>'";
	advance(c);
	return NULL;
}

const char *
from_parse(struct mt_span value, struct mailbox *box)
{
	struct cursor c = { value };
	struct mt_span last = { NULL, 0 };
	const char *fault;
	size_t count;

	*box = (struct mailbox){ .domain = "" };
	if (!text_utf8(value))
		return "it is not UTF-8";
	fault = words(&c, &last, &count);
	if (fault == NULL && at(&c, '<')) {
		advance(&c);
		fault = bracketed(&c, box);
	} else if (fault == NULL) {
		/* Without "<" the address is one word, directly before its '@'. */
		if (count != 1 || last.ptr + last.len != c.left.ptr)
			return "it is not one mailbox";
		fault = address(&c, last, box);
	}
	if (fault == NULL && (!skip(&c) || c.left.len != 0))
		fault = "something follows the address";
	if (fault != NULL)
		*box = (struct mailbox){ .domain = "" };
	return fault;
}
