/* SPDX-License-Identifier: BSD-2-Clause */
/* SPF macros (RFC 7208 section 7): what libspf2 never gets to see. */
#include <arpa/inet.h>
#include <stdio.h>

#include "domain.h"
#include "spf_macro.h"
#include "spf_record.h"

enum { VALUE_MAX = 512, PARTS_MAX = 256 };

struct macro {
	char letter;	/* lower case */
	bool escape;	/* it was upper case */
	bool reverse;
	unsigned keep;	/* right-hand parts; 0: all */
	struct mt_span delimiters;
};

/* Reads "%{...}"; returns its length, 0: it is none. */
static size_t
read_macro(struct mt_span s, const char *letters, struct macro *m)
{
	size_t i = 3, digits;

	if (s.len < 4 || s.ptr[1] != '{' || !text_alpha(s.ptr[2]))
		return 0;
	*m = (struct macro){ .letter = text_lower(s.ptr[2]), .escape = s.ptr[2] < 'a' };
	if (strchr(letters, m->letter) == NULL)
		return 0;
	for (; i < s.len && text_digit(s.ptr[i]) && i < 3 + SPF_DIGITS_MAX; i++)
		m->keep = m->keep * 10 + (unsigned)(s.ptr[i] - '0');
	digits = i - 3;
	if (digits != 0 && m->keep == 0)
		return 0;
	if (i < s.len && text_lower(s.ptr[i]) == 'r') {
		m->reverse = true;
		i++;
	}
	m->delimiters = (struct mt_span){ s.ptr + i, 0 };
	while (i < s.len && s.ptr[i] != '\0' && strchr(".-+,/_=", s.ptr[i]) != NULL) {
		m->delimiters.len++;
		i++;
	}
	return i < s.len && s.ptr[i] == '}' ? i + 1 : 0;
}

/* Length of the element at the start of s, 0: none is; *macro: it is "%{". */
static size_t
element(struct mt_span s, bool explanation, struct macro *m, bool *macro)
{
	*macro = false;
	if (s.ptr[0] != '%')
		return (s.ptr[0] > ' ' && s.ptr[0] <= '~') || (explanation && s.ptr[0] == ' ');
	if (s.len > 1 && (s.ptr[1] == '%' || s.ptr[1] == '_' || s.ptr[1] == '-'))
		return 2;
	*macro = true;
	return read_macro(s, explanation ? "slodiphvcrt" : "slodiphv", m);
}

bool
spf_macro_valid(struct mt_span s, bool explanation)
{
	struct macro m;
	bool macro;
	size_t n;

	for (; s.len != 0; s = text_cut(s, n)) {
		n = element(s, explanation, &m, &macro);
		if (n == 0)
			return false;
	}
	return true;
}

/* The last label: a letter or a hyphen in it, hyphens inside only. */
static bool
toplabel(struct mt_span s)
{
	bool letter = false;
	size_t i;

	if (s.len == 0 || s.ptr[0] == '-' || s.ptr[s.len - 1] == '-')
		return false;
	for (i = 0; i < s.len; i++) {
		if (!text_alpha(s.ptr[i]) && !text_digit(s.ptr[i]) && s.ptr[i] != '-')
			return false;
		letter = letter || !text_digit(s.ptr[i]);
	}
	return letter;
}

bool
spf_macro_domain(struct mt_span s)
{
	struct mt_span rest = s;
	struct macro m;
	bool macro = false;
	size_t n, i;

	for (; rest.len != 0; rest = text_cut(rest, n)) {
		n = element(rest, false, &m, &macro);
		if (n == 0)
			return false;
	}
	if (macro)
		return true;
	if (s.len != 0 && s.ptr[s.len - 1] == '.')
		s.len--;
	for (i = s.len; i > 0 && s.ptr[i - 1] != '.'; i--)
		continue;
	return i != 0 && toplabel(text_cut(s, i));
}

bool
spf_macro_uses(struct mt_span s, char letter)
{
	size_t i;

	for (i = 0; i + 2 < s.len; i++)
		if (s.ptr[i] == '%' && s.ptr[i + 1] == '{' && text_lower(s.ptr[i + 2]) == letter)
			return true;
	return false;
}

static void
dotted_nibbles(const uint8_t *address, struct text *out)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t i;

	for (i = 0; i < 32; i++) {
		if (i != 0)
			text_byte(out, '.');
		text_byte(out, hex[address[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15]);
	}
}

static void
value_of(char letter, const struct spf_values *v, struct text *out)
{
	const struct {
		char letter;
		const char *text;
	} plain[] = {
		{ 's', v->sender }, { 'l', v->local }, { 'o', v->domain_of_sender },
		{ 'd', v->domain }, { 'h', v->helo }, { 'p', v->validated },
		{ 'r', v->receiver }, { 'v', v->six ? "ip6" : "in-addr" },
	};
	char address[INET6_ADDRSTRLEN] = "";
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (plain[i].letter == letter)
			text_puts(out, plain[i].text);
	if (letter == 't')
		text_number(out, (unsigned long long)v->now);
	if (letter == 'i' && v->six) {
		dotted_nibbles(v->address, out);
	} else if (letter == 'i' || letter == 'c') {
		inet_ntop(v->six ? AF_INET6 : AF_INET, v->address, address, sizeof(address));
		text_puts(out, address);
	}
}

static void
put_part(struct mt_span part, bool escape, struct text *out)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t i;

	for (i = 0; i < part.len; i++) {
		unsigned char c = (unsigned char)part.ptr[i];

		if (!escape || text_alpha((char)c) || text_digit((char)c) ||
		    (c != '\0' && strchr("-._~", c) != NULL)) {
			text_byte(out, (char)c);
			continue;
		}
		text_byte(out, '%');
		text_byte(out, hex[c >> 4]);
		text_byte(out, hex[c & 15]);
	}
}

static size_t
split(struct mt_span s, struct mt_span delimiters, struct mt_span *part)
{
	size_t i, n = 0;

	part[0] = (struct mt_span){ s.ptr, 0 };
	for (i = 0; i < s.len; i++) {
		bool cut = memchr(delimiters.ptr, s.ptr[i], delimiters.len) != NULL;

		if (!cut || n + 1 == PARTS_MAX)
			part[n].len++;
		else
			part[++n] = (struct mt_span){ s.ptr + i + 1, 0 };
	}
	return n + 1;
}

static void
expand(const struct macro *m, const struct spf_values *v, struct text *out)
{
	struct mt_span part[PARTS_MAX], dot = { ".", 1 };
	char buf[VALUE_MAX];
	struct text value = text_make(buf, sizeof(buf));
	size_t i, n, keep;

	value_of(m->letter, v, &value);
	out->full = out->full || value.full;
	n = split((struct mt_span){ buf, value.len }, m->delimiters.len == 0 ? dot : m->delimiters,
	    part);
	keep = m->keep == 0 || m->keep > n ? n : m->keep;
	for (i = 0; i < keep; i++) {
		if (i != 0)
			text_byte(out, '.');
		put_part(part[m->reverse ? keep - 1 - i : n - keep + i], m->escape, out);
	}
}

void
spf_macro_expand(struct mt_span s, const struct spf_values *v, struct text *out)
{
	static const struct {
		char letter;
		const char *text;
	} short_forms[] = { { '%', "%" }, { '_', " " }, { '-', "%20" } };
	struct macro m;
	bool macro;
	size_t n, i;

	for (; s.len != 0; s = text_cut(s, n)) {
		n = element(s, true, &m, &macro);
		if (macro) {
			expand(&m, v, out);
		} else if (s.ptr[0] != '%') {
			text_byte(out, s.ptr[0]);
		} else {
			for (i = 0; i < 3; i++)
				if (short_forms[i].letter == s.ptr[1])
					text_puts(out, short_forms[i].text);
		}
		if (n == 0)
			return;
	}
}

bool
spf_macro_printable(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			return false;
	return true;
}
