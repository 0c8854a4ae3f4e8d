/* SPDX-License-Identifier: BSD-2-Clause */
/* Domain names: A-labels, letters-digits-hyphen, the limits of RFC 1035. */
#include <idn2.h>
#include <string.h>

#include "domain.h"

/* Lower case copy without the final dot; false: cannot be a DNS name. */
bool
domain_askable(struct mt_span s, char *out)
{
	size_t i, label = 0;

	if (s.len != 0 && s.ptr[s.len - 1] == '.')
		s.len--;
	if (s.len == 0 || s.len > DOMAIN_MAX)
		return false;
	for (i = 0; i < s.len; i++) {
		if (s.ptr[i] == '\0' || (s.ptr[i] == '.' && label == 0))
			return false;
		label = s.ptr[i] == '.' ? 0 : label + 1;
		if (label > LABEL_MAX)
			return false;
		out[i] = text_lower(s.ptr[i]);
	}
	out[s.len] = '\0';
	return label != 0;
}

static bool
plain(const char *name, bool underscore)
{
	const char *p;

	for (p = name; *p != '\0'; p++) {
		bool edge = p == name || p[-1] == '.' || p[1] == '.' || p[1] == '\0';

		if (text_alpha(*p) || text_digit(*p) || *p == '.')
			continue;
		if ((*p == '-' && !edge) || (*p == '_' && underscore))
			continue;
		return false;
	}
	return true;
}

bool
domain_labels(struct mt_span s, char *out)
{
	if (s.len != 0 && s.ptr[s.len - 1] == '.')
		return false;
	return domain_askable(s, out) && plain(out, true);
}

static bool
ascii(struct mt_span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] > 0x7e)
			return false;
	return true;
}

/* UTF-8 to A-labels, with the strict rules of IDNA 2008. */
static bool
to_ascii(struct mt_span s, char *out)
{
	char name[4 * DOMAIN_MAX + 1], *made = NULL;
	bool ok;

	if (s.len > 4 * DOMAIN_MAX || memchr(s.ptr, '\0', s.len) != NULL || !text_utf8(s))
		return false;
	memcpy(name, s.ptr, s.len);
	name[s.len] = '\0';
	if (idn2_to_ascii_8z(name, &made, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return false;
	ok = domain_labels(text_span(made), out);
	idn2_free(made);
	return ok;
}

bool
domain_identity(struct mt_span s, char *out)
{
	const char *last;

	if (s.len == 0 || !(ascii(s) ? domain_labels(s, out) : to_ascii(s, out)))
		return false;
	last = strrchr(out, '.');
	if (last == NULL || !plain(out, false))
		return false;
	return last[1 + strspn(last + 1, "0123456789")] != '\0';
}

size_t
domain_count(const char *name)
{
	size_t n = *name != '\0';

	for (; *name != '\0'; name++)
		n += *name == '.';
	return n;
}

const char *
domain_last(const char *name, size_t n)
{
	size_t have = domain_count(name);

	for (; have > n; have--)
		name = strchr(name, '.') + 1;
	return name;
}

bool
domain_within(const char *name, const char *zone)
{
	size_t n = strlen(name), z = strlen(zone);

	if (n < z || strcmp(name + n - z, zone) != 0)
		return false;
	return n == z || name[n - z - 1] == '.';
}
