/* SPDX-License-Identifier: BSD-2-Clause */
/* Trusted forwarders: who the client is, and what its chain says. */
#include "authres.h"
#include "forward.h"

static void
decide(struct forwarding *f, enum word word, const char *why)
{
	f->word = word;
	f->why = why;
}

/* RFC 5321 4.1.4: the name of HELO has the client's address.  Asked only
 * where the name publishes no SPF. */
static void
find_address(struct run *r, struct judgement *j)
{
	struct forwarding *f = &j->forwarding;
	struct spf_address client;
	struct mt_answer a;
	size_t size, i;
	int status;

	if (!spf_address_parse(r->client.address, &client)) {
		decide(f, WORD_TEMPERROR, "the client has no address");
		return;
	}
	size = client.six ? 16 : 4;
	status = run_ask(r, j->helo.domain, client.six ? DNS_AAAA : DNS_A, &a);
	decide(f, run_failed(status) ? WORD_TEMPERROR : WORD_FAIL, run_failed(status) ?
	    "the question for the host in HELO failed" : "the host in HELO has another address");
	for (i = 0; status == MT_OK && i < a.count; i++)
		if (a.rr[i].len == size && memcmp(a.rr[i].ptr, client.bytes, size) == 0)
			decide(f, WORD_PASS, "the host in HELO has the client's address");
}

void
forward_find(struct run *r, const struct options *o, struct judgement *j)
{
	struct forwarding *f = &j->forwarding;
	char name[DOMAIN_MAX + 1];
	size_t i;

	decide(f, WORD_NONE, "the client is no trusted forwarder");
	for (i = 0; o->forwarders[i] != NULL && f->name[0] == '\0'; i++)
		if (options_forwarder(o->forwarders[i], name) &&
		    domain_within(j->helo.domain, name))
			memcpy(f->name, name, sizeof(name));
	if (f->name[0] == '\0')
		return;
	if (j->helo.result.word == WORD_PASS)
		decide(f, WORD_PASS, "SPF of HELO passed");
	else if (j->helo.result.word == WORD_TEMPERROR || j->helo.result.unsure)
		decide(f, WORD_TEMPERROR, "a question for SPF of HELO failed");
	else if (j->helo.result.word == WORD_NONE)
		find_address(r, j);
	else
		decide(f, WORD_FAIL, "SPF of HELO did not pass");
}

/* The forwarder's own name, one below it, or the organisation it is part of. */
static bool
seals_for(const struct arc_seal *s, const char *name)
{
	const char *domain = s->signature.domain;

	return domain_within(domain, name) ||
	    (strcmp(domain, align_registrable(name)) == 0 && !align_public(domain));
}

static bool
sealed_by_listed(const struct arc_seal *s, const struct options *o)
{
	char name[DOMAIN_MAX + 1];
	size_t i;

	for (i = 0; o->forwarders[i] != NULL; i++)
		if (options_forwarder(o->forwarders[i], name) && seals_for(s, name))
			return true;
	return false;
}

static const char *
judge_seals(const struct options *o, const struct arc *arc, const struct forwarding *f)
{
	const struct arc_set *last = &arc->set[arc->sets - 1];
	size_t i;

	for (i = 0; i < arc->sets; i++)
		if (!sealed_by_listed(arc->set[i].seal, o))
			return "a seal of the chain is not of a trusted forwarder";
	if (!seals_for(last->seal, f->name) || !seals_for(last->message, f->name))
		return "the last set of the chain is not the client's own";
	return NULL;
}

static bool
says_pass(const struct authres_result *r)
{
	return text_is(r->result, "pass");
}

/* SPF may be reported for HELO, too, which says nothing of the mail. */
static bool
spf_passed(const struct authres *a)
{
	bool passed = false;
	size_t i;

	for (i = 0; i < a->count; i++) {
		const struct authres_result *r = &a->result[i];

		if (!text_is(r->method, "spf"))
			continue;
		if (!says_pass(r) && authres_value(r, "smtp", "helo") == NULL)
			return false;
		passed = passed || says_pass(r);
	}
	return passed;
}

static bool
dkim_passed(const struct authres *a)
{
	size_t i;

	for (i = 0; i < a->count; i++)
		if (text_is(a->result[i].method, "dkim") && says_pass(&a->result[i]))
			return true;
	return false;
}

static bool
dmarc_passed(const struct authres *a, const char *domain)
{
	const struct authres_result *r = authres_only(a, "dmarc");
	const struct mt_span *from = r == NULL ? NULL : authres_value(r, "header", "from");
	char name[DOMAIN_MAX + 1];

	return from != NULL && says_pass(r) && domain_identity(*from, name) &&
	    strcmp(name, domain) == 0;
}

/* What the first of the chain found, before anybody changed anything. */
static const char *
judge_results(struct run *r, const struct judgement *j, struct forwarding *f)
{
	struct authres *a = run_alloc(r, sizeof(*a));
	struct mt_span value = j->arc.set[0].results->value;
	const char *end = memchr(value.ptr, ';', value.len);

	if (end == NULL || authres_parse(text_cut(value, (size_t)(end - value.ptr) + 1), a) != NULL)
		return "the results in the first set cannot be read";
	if (!dmarc_passed(a, j->from.domain))
		return "the first set does not say that DMARC passed for this From";
	f->spf = spf_passed(a);
	f->dkim = dkim_passed(a);
	return NULL;
}

void
forward_verify(struct run *r, const struct options *o, struct judgement *j)
{
	struct forwarding *f = &j->forwarding;
	const struct arc *arc = &j->arc;
	const char *fault;

	if (f->word != WORD_PASS)
		return;
	if (arc->word != WORD_PASS) {
		decide(f, arc->word == WORD_TEMPERROR ? WORD_TEMPERROR : WORD_FAIL, arc->why);
		return;
	}
	fault = judge_seals(o, arc, f);
	if (fault == NULL) {
		signature_parse_seal(r, &j->header, arc->set[arc->sets - 1].message->field,
		    o->dkim.covered, &f->seal);
		fault = f->seal.judged ? f->seal.why : NULL;
	}
	if (fault == NULL)
		fault = judge_results(r, j, f);
	decide(f, fault == NULL ? WORD_PASS : WORD_FAIL,
	    fault == NULL ? "the forwarder says what passed before" : fault);
}
