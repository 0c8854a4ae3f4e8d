/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries of an allowlist and the addresses they match.
 *
 *	example.com		every address of exactly this domain
 *	.example.com		every address of its subdomains, not its own;
 *	*.example.com		the same
 *	ann@example.com		one address
 *	group:developers	the members of a group
 *
 * Letters compare without ASCII case, in the local part too: mail systems
 * that tell Ann@ from ann@ are not in use, and a sender who cannot see the
 * list could not know.  Domains are A-labels (RFC 5890), so that two names
 * that look alike are never one entry.
 */
#ifndef ALLOWLIST_ENTRY_H
#define ALLOWLIST_ENTRY_H

#include "mailtri/stage.h"

enum {
	ENTRY_DOMAIN_MAX = 253,	/* RFC 1035 2.3.4, without the final dot */
	ENTRY_LABEL_MAX = 63,
	ENTRY_LOCAL_MAX = 64,	/* RFC 5321 4.5.3.1.1 */
	ENTRY_GROUP_MAX = 64
};

enum entry_kind { ENTRY_DOMAIN = 1, ENTRY_SUBDOMAINS, ENTRY_USER, ENTRY_GROUP };

struct entry {
	enum entry_kind kind;
	struct mt_span domain;	/* ENTRY_SUBDOMAINS: without the dot */
	struct mt_span name;	/* ENTRY_USER: local part; ENTRY_GROUP: name */
};

/* NULL, or a sentence that says what is wrong; the spans borrow. */
const char *entry_parse(struct mt_span text, struct entry *);
/* Does the address (without <>) match?  A group never does: its members do. */
int entry_match(const struct entry *, struct mt_span address);
int entry_same(struct mt_span, struct mt_span);	/* without ASCII case */

/* "HEAD: member, member": the next member, split at commas and blanks; *it
 * starts at 0; ENOENT at the end. */
const char *line_parse(const char *line, struct mt_span *head, struct mt_span *members);
int line_next(struct mt_span members, size_t *it, struct mt_span *member);

#endif
