/* SPDX-License-Identifier: BSD-2-Clause */
/* DMARC: discovery by tree walk or public suffix list, then alignment. */
#include <string.h>

#include "dmarc.h"
#include "second.h"

struct found {	/* what discovery says */
	struct dmarc_record record;
	const char *domain;	/* "" where there is no record */
	bool failed;
};

static void
discover_psl(struct run *r, const char *from, struct found *f)
{
	const char *org = align_registrable(from);
	struct dmarc_record above;
	int status = walk_fetch(r, from, &f->record), upper = MT_NODATA;

	if (strcmp(org, from) != 0)
		upper = walk_fetch(r, org, &above);
	if (status == MT_OK) {
		f->domain = from;
	} else if (run_failed(status) || run_failed(upper)) {
		f->failed = true;
	} else if (upper == MT_OK) {
		f->record = above;
		f->domain = org;
	}
}

static void
discover_walk(const struct walk *w, struct found *f)
{
	const struct walk_step *s = walk_policy(w);

	f->failed = s == NULL && w->failed;
	if (s == NULL)
		return;
	f->record = s->record;
	f->domain = s->domain;
}

/* sp= and np= below the record, one step down for t=y. */
static enum policy
policy_for(struct run *r, const char *from, const struct found *f)
{
	enum policy p = f->record.p;
	struct mt_answer a;

	if (strcmp(from, f->domain) != 0) {
		if (f->record.sp != POLICY_ABSENT)
			p = f->record.sp;
		if (f->record.np != POLICY_ABSENT && run_ask(r, from, DNS_TXT, &a) == MT_NXDOMAIN)
			p = f->record.np;
	}
	return f->record.testing && p > POLICY_NONE ? p - 1 : p;
}

static enum align
align_spf(struct run *r, const struct align_from *from, const struct dmarc_input *in,
    const struct dmarc_record *record)
{
	enum align a;

	if ((in->spf != WORD_PASS && in->spf != WORD_TEMPERROR) || in->spf_domain[0] == '\0')
		return ALIGN_NO;
	a = align_check(r, from, in->spf_domain, record->strict_spf);
	return in->spf == WORD_PASS || a == ALIGN_NO ? a : ALIGN_FAILED;
}

static enum align
align_dkim(struct run *r, const struct align_from *from, const struct signature *s,
    const struct dmarc_record *record)
{
	enum align a;

	if (!s->judged || (s->word != WORD_PASS && s->word != WORD_TEMPERROR))
		return ALIGN_NO;
	a = align_check(r, from, s->domain, record->strict_dkim);
	return s->word == WORD_PASS || a == ALIGN_NO ? a : ALIGN_FAILED;
}

static void
judge(struct run *r, const struct align_from *from, const struct dmarc_input *in,
    const struct dmarc_record *record, struct dmarc *out)
{
	enum align spf = align_spf(r, from, in, record);
	size_t i;

	out->spf_aligned = spf == ALIGN_YES;
	out->spf_unsure = spf == ALIGN_FAILED;
	for (i = 0; i < in->dkim->count; i++) {
		enum align a = align_dkim(r, from, &in->dkim->signature[i], record);

		out->dkim_unsure = out->dkim_unsure || a == ALIGN_FAILED;
		if (a == ALIGN_YES && out->dkim_aligned == NULL)
			out->dkim_aligned = &in->dkim->signature[i];
	}
	if (out->dkim_aligned != NULL)
		out->dkim_unsure = false;
	if (out->spf_aligned || out->dkim_aligned != NULL) {
		out->word = WORD_PASS;
		out->why = "an aligned identifier passed";
	} else if (out->spf_unsure || out->dkim_unsure) {
		out->word = WORD_TEMPERROR;
		out->why = "a DNS question failed";
	} else {
		out->word = WORD_FAIL;
		out->why = "nothing aligned passed";
	}
}

void
dmarc_check(struct run *r, const struct dmarc_input *in, const struct dmarc_options *o,
    struct dmarc *out)
{
	struct align_from from = { .domain = in->from };
	struct found f = { .domain = "", .record = { .p = POLICY_NONE, .psd = 'u' } };
	struct walk w;

	*out = (struct dmarc){ .record_domain = "", .word = WORD_PERMERROR,
		.why = "there is no From domain" };
	if (in->from[0] == '\0')
		return;
	if (o->psl) {
		discover_psl(r, in->from, &f);
	} else {
		walk_make(r, in->from, &w);
		from.walk = &w;
		discover_walk(&w, &f);
	}
	out->record_domain = f.domain;
	out->word = f.failed ? WORD_TEMPERROR : WORD_NONE;
	out->why = f.failed ? "the question for its policy failed" : "there is no DMARC record";
	if (f.failed || (f.domain[0] == '\0' && !o->evaluate))
		return;
	/* Without a record the walk has found no organisation either. */
	if (f.domain[0] == '\0')
		from.walk = NULL;
	else
		out->policy = policy_for(r, in->from, &f);
	judge(r, &from, in, &f.record, out);
	if (!r->waiting && out->word != WORD_TEMPERROR)
		out->disputed = !second_agrees(in->from, f.record.p, out->spf_aligned,
		    out->dkim_aligned != NULL);
}
