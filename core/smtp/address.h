/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of the SMTP dialogue: the strict grammar of RFC 5321 section
 * 4.1.2, with the UTF-8 of RFC 6531 section 3.3, without source routes.  What
 * passed here may be looked up, compared and written in its canonical form
 * without a second look: a domain holds letters, digits, hyphens and dots only
 * and is never numeric; a local part is a dot-string or a well-formed quoted
 * string, of printable ASCII and of UTF-8 without controls and hidden marks.
 */
#ifndef MAILTRI_SMTP_ADDRESS_H
#define MAILTRI_SMTP_ADDRESS_H

#include <stdbool.h>

#include "base/span.h"

/* RFC 5321 section 4.5.3.1, RFC 1035 section 2.3.4. */
enum {
	ADDRESS_LOCAL_MAX = 64,
	ADDRESS_PATH_MAX = 256,		/* with < and > */
	ADDRESS_DOMAIN_MAX = 253,
	ADDRESS_LABEL_MAX = 63
};

enum address_error {
	ADDRESS_OK = 0,
	ADDRESS_SYNTAX,		/* not a path */
	ADDRESS_ROUTE,		/* <@relay:user@domain> */
	ADDRESS_LOCAL,		/* local part: bad byte, empty, unclosed quote */
	ADDRESS_DOMAIN,		/* neither a host name nor an address literal */
	ADDRESS_LONG		/* beyond a limit above */
};

enum address_kind {
	ADDRESS_NULL,		/* <> */
	ADDRESS_POSTMASTER,	/* <postmaster>, the one name without a domain */
	ADDRESS_MAILBOX,	/* local@domain */
	ADDRESS_LITERAL		/* local@[192.0.2.1] */
};

/* Borrows from the line it was parsed from. */
struct address {
	enum address_kind kind;
	struct mt_span mailbox;	/* without <>; empty: ADDRESS_NULL */
	struct mt_span local;	/* as written, quotes included */
	struct mt_span domain;	/* literal: with its brackets */
	bool utf8;		/* not ASCII alone: needs SMTPUTF8 */
};

/* The path at the head of `in'; *used is its length with < and >.  Beyond the
 * grammar of a mailbox `<>' and `<postmaster>' are taken; the caller looks at
 * kind. */
enum address_error address_parse(struct mt_span in, struct address *out, size_t *used);

/* The mailbox as identities are compared: U-labels as A-labels, all else as it
 * stands.  Borrows from the address or from `out'. */
struct mt_span address_canonical(const struct address *, char out[ADDRESS_PATH_MAX]);

bool address_is_domain(struct mt_span);	/* LDH labels, not numeric */
bool address_is_literal(struct mt_span);	/* "[192.0.2.1]", "[IPv6:...]" */

#endif
