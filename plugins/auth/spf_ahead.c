/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking ahead: the names that the records known so far will need, so that
 * the rounds follow the longest chain of lookups and not their number.  A
 * tree that keeps RFC 7208's limit as a whole is asked for at once; of one
 * that does not, only what the interpreter really reaches.
 */
#include "spf_lookup.h"

enum { AHEAD = 5 };	/* terms of one record asked in one round */

static void ahead_record(struct spf_state *, const char *domain);

static void
ahead_hosts(struct spf_state *s, const struct mt_answer *mx)
{
	struct mt_answer a;
	size_t i;

	for (i = 0; i < mx->count && i < SPF_HOSTS_MAX; i++)
		if (mx->rr[i].len > 2)
			run_ask(s->run, run_string(s->run, text_cut(mx->rr[i], 2)),
			    spf_address_type(s), &a);
}

/* One term of a record that stands at `current'; false: not known yet. */
static bool
ahead_term(struct spf_state *s, enum spf_kind kind, struct mt_span spec, const char *current)
{
	const char *domain = spf_expand(s, spec, current);
	struct mt_answer a;
	int status;

	if (domain == NULL)
		return false;
	if (kind == SPF_INCLUDE || kind == SPF_REDIRECT) {
		status = run_ask(s->run, domain, DNS_TXT, &a);
		if (status == MT_OK)
			ahead_record(s, domain);
		return status != MT_PENDING;
	}
	if (kind == SPF_PTR)
		return spf_validated(s, domain) != NULL;
	if (kind != SPF_MX)
		return run_ask(s->run, domain, kind == SPF_EXISTS ? DNS_A : spf_address_type(s),
		    &a) != MT_PENDING;
	status = run_ask(s->run, domain, DNS_MX, &a);
	if (status == MT_OK)
		ahead_hosts(s, &a);
	return status != MT_PENDING;
}

static unsigned
asking_terms(const struct spf_record *r)
{
	unsigned n = !r->all && r->redirect.len != 0;
	size_t i;

	for (i = 0; i < r->count; i++)
		n += spf_kind_asks(r->term[i].kind);
	return n;
}

static void
ahead_record(struct spf_state *s, const char *domain)
{
	struct spf_record record;
	struct mt_span txt;
	bool known = true;
	unsigned asked = 0;
	size_t i;

	if (s->tree > SPF_TREE_MAX || spf_fetch(s->run, domain, &txt) != MT_OK ||
	    !spf_parse(s->run, txt, &record))
		return;
	s->tree += asking_terms(&record);
	for (i = 0; i < record.count; i++) {
		if (!spf_kind_asks(record.term[i].kind))
			continue;
		if (asked % AHEAD == 0 && (!known || s->tree > SPF_LOOKUPS_MAX))
			return;
		asked++;
		if (!ahead_term(s, record.term[i].kind, record.term[i].domain, domain))
			known = false;
	}
	if (!record.all && record.redirect.len != 0 && known && s->tree <= SPF_LOOKUPS_MAX)
		ahead_term(s, SPF_REDIRECT, record.redirect, domain);
}

void
spf_ahead(struct spf_state *s)
{
	ahead_record(s, s->subject->domain);
}

void
spf_ask(struct run *r, const struct spf_subject *subject)
{
	struct spf_state s = { .run = r, .subject = subject, .exp_domain = "" };

	spf_ahead(&s);
}
