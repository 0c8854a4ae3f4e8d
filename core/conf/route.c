/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses of routes, also internationalised ones (RFC 6531). */
#include "conf/route.h"

#include <ctype.h>
#include <errno.h>

#include "base/idna.h"
#include "base/utf8.h"
#include "conf/domain.h"

enum { LOCAL_MAX = 64, ADDRESS_MAX = 254 };	/* RFC 5321 section 4.5.3.1 */

static bool
is_local(struct mt_span s)
{
	if (s.len == 0 || s.len > LOCAL_MAX || !utf8_is_text(s))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '\0' || ((unsigned char)s.ptr[i] < 0x80 &&
		    !isalnum((unsigned char)s.ptr[i]) && strchr("._+-=", s.ptr[i]) == NULL))
			return false;
	return true;
}

const char *
route_address(struct arena *arena, const char *text)
{
	const char *at = strchr(text, '@');
	struct mt_span local = span_make(text, at == NULL ? 0 : (size_t)(at - text));
	char domain[IDNA_ASCII_MAX + 1];
	const char *made;

	if (!is_local(local) || idna_to_ascii(span_of(at + 1), domain) != 0 ||
	    !domain_is_valid(domain))
		return NULL;
	for (char *p = domain; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	made = arena_printf(arena, "%.*s@%s", (int)local.len, local.ptr, domain);
	return strlen(made) > ADDRESS_MAX ? NULL : made;
}

int
route_parse(struct arena *arena, const char *text, struct setting_route *r)
{
	size_t local, verb;

	r->address = route_address(arena, text);
	if (r->address == NULL)
		return EINVAL;
	local = strcspn(text, "@");
	verb = strcspn(text, ".+@");
	r->verb = arena_string(arena, span_make(text, verb));
	r->target = verb == local ? "" :
	    arena_string(arena, span_make(text + verb + 1, local - verb - 1));
	return verb == 0 ? EINVAL : 0;
}
