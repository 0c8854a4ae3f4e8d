/* SPDX-License-Identifier: BSD-2-Clause */
/* Alignment (RFC 9989 4.4, 4.10.2; RFC 7489 3.1). */
#include <libpsl.h>
#include <string.h>

#include "align.h"
#include "domain.h"

bool
align_public(const char *domain)
{
	const psl_ctx_t *psl = psl_builtin();

	return strchr(domain, '.') == NULL || (psl != NULL && psl_is_public_suffix(psl, domain));
}

/* The shortest tail of `domain', not shorter than n labels, that is no
 * public suffix. */
static const char *
below_suffix(const char *domain, size_t n)
{
	size_t have = domain_count(domain);

	while (n < have && align_public(domain_last(domain, n)))
		n++;
	return domain_last(domain, n);
}

const char *
align_registrable(const char *domain)
{
	const psl_ctx_t *psl = psl_builtin();
	const char *found = psl == NULL ? NULL : psl_registrable_domain(psl, domain);

	if (psl == NULL)
		return below_suffix(domain, 2);
	return found == NULL ? domain : found;
}

/* The walk's answer, but never a public suffix: a registry that publishes a
 * record without psd=y must not make its customers one organisation. */
static const char *
organisation(const struct walk *w, const char *domain)
{
	const char *org = walk_organisation(w);

	return org == NULL ? NULL : below_suffix(domain, domain_count(org));
}

static size_t
common_labels(const char *a, const char *b)
{
	size_t n = 0, most = domain_count(a) < domain_count(b) ? domain_count(a) : domain_count(b);

	while (n < most && strcmp(domain_last(a, n + 1), domain_last(b, n + 1)) == 0)
		n++;
	return n;
}

enum align
align_check(struct run *r, const struct align_from *from, const char *identifier, bool strict)
{
	const char *ours, *theirs;
	struct walk w;

	if (strcmp(from->domain, identifier) == 0)
		return ALIGN_YES;
	/* One organisation has at least a suffix and a label in common. */
	if (strict || common_labels(from->domain, identifier) < 2)
		return ALIGN_NO;
	if (from->walk == NULL) {
		ours = align_registrable(from->domain);
		theirs = align_registrable(identifier);
		return !align_public(ours) && strcmp(ours, theirs) == 0 ? ALIGN_YES : ALIGN_NO;
	}
	walk_make(r, identifier, &w);
	ours = organisation(from->walk, from->domain);
	theirs = organisation(&w, identifier);
	if (ours == NULL || theirs == NULL)
		return ALIGN_FAILED;
	return !align_public(ours) && strcmp(ours, theirs) == 0 ? ALIGN_YES : ALIGN_NO;
}
