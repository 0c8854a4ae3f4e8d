/* SPDX-License-Identifier: BSD-2-Clause */
/* Tree walk: where a policy stands and where an organisation begins. */
#include "domain.h"
#include "walk.h"

int
walk_fetch(struct run *r, const char *domain, struct dmarc_record *out)
{
	char buf[DOMAIN_MAX + 16];
	struct text name = text_make(buf, sizeof(buf));
	struct dmarc_record record;
	struct mt_answer a;
	size_t i, found = 0;
	int status;

	text_puts(&name, "_dmarc.");
	text_puts(&name, domain);
	status = run_ask(r, buf, DNS_TXT, &a);
	for (i = 0; status == MT_OK && i < a.count; i++) {
		if (!dmarc_record_parse(a.rr[i], &record))
			continue;
		*out = record;
		found++;
	}
	return status != MT_OK || found == 1 ? status : MT_NODATA;
}

void
walk_make(struct run *r, const char *domain, struct walk *w)
{
	size_t i, n = domain_count(domain);

	*w = (struct walk){ .count = 0 };
	w->step[w->count++].domain = domain;
	for (n = n < WALK_MAX ? n - 1 : WALK_MAX - 1; n > 0; n--)
		w->step[w->count++].domain = domain_last(domain, n);
	for (i = 0; i < w->count; i++)
		w->step[i].status = walk_fetch(r, w->step[i].domain, &w->step[i].record);
	for (i = 0; i < w->count; i++) {
		const struct walk_step *s = &w->step[i];

		if (s->status == MT_PENDING || run_failed(s->status))
			w->failed = true;
		if (w->failed || (s->status == MT_OK && s->record.psd != 'u')) {
			w->count = i + 1;
			return;
		}
	}
}

/* The step with a record and the fewest labels; NULL: no step has one. */
static const struct walk_step *
shortest(const struct walk *w)
{
	size_t i;

	for (i = w->count; i > 0; i--)
		if (w->step[i - 1].status == MT_OK)
			return &w->step[i - 1];
	return NULL;
}

const char *
walk_organisation(const struct walk *w)
{
	const struct walk_step *s = shortest(w);

	if (w->failed)
		return NULL;
	if (s == NULL)
		return w->step[0].domain;
	if (s->record.psd == 'y' && s != &w->step[0])
		return domain_last(w->step[0].domain, domain_count(s->domain) + 1);
	return s->domain;
}

const struct walk_step *
walk_policy(const struct walk *w)
{
	const char *org;
	size_t i;

	if (w->step[0].status == MT_OK)
		return &w->step[0];
	org = walk_organisation(w);
	if (org == NULL)
		return NULL;
	for (i = 0; i < w->count; i++)
		if (w->step[i].status == MT_OK && strcmp(w->step[i].domain, org) == 0)
			return &w->step[i];
	return shortest(w);	/* the registry's, which says psd=y */
}
