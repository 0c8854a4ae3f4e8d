/* SPDX-License-Identifier: BSD-2-Clause */
/* A table by the hash of the domain: a newcomer takes the row of an old one. */
#include "engine/foresight.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/log.h"

enum { DOMAIN_MAX_BYTES = 255, QUESTION_BYTES_MAX = QUESTION_NAME_MAX + 64 };

struct row {
	struct buf domain;	/* lower case */
	struct buf questions;	/* spans, packed */
	uint32_t uses;
};

struct foresight {
	uint64_t seed;		/* so that nobody aims at another's row */
	struct row rows[FORESIGHT_DOMAINS];
};

struct foresight *
foresight_new(void)
{
	struct foresight *f = xcalloc(1, sizeof(*f));

	if (getrandom(&f->seed, sizeof(f->seed), 0) != sizeof(f->seed))
		log_panic("getrandom: no seed");
	return f;
}

void
foresight_free(struct foresight *f)
{
	for (size_t i = 0; f != NULL && i < FORESIGHT_DOMAINS; i++) {
		buf_free(&f->rows[i].domain);
		buf_free(&f->rows[i].questions);
	}
	free(f);
}

/* The sender's domain in lower case; empty: there is none. */
static struct mt_span
domain_of(const struct mail *m, char lower[DOMAIN_MAX_BYTES])
{
	struct mt_span s = m->envelope.sender;
	size_t at = s.len;

	while (at > 0 && s.ptr[at - 1] != '@')
		at--;
	if (at == 0 || s.len - at > DOMAIN_MAX_BYTES)
		return SPAN("");
	for (size_t i = at; i < s.len; i++)
		lower[i - at] = (char)(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ?
		    s.ptr[i] + 32 : s.ptr[i]);
	return span_make(lower, s.len - at);
}

static struct row *
row_of(struct foresight *f, struct mt_span domain)
{
	return &f->rows[span_hash(domain, f->seed) % FORESIGHT_DOMAINS];
}

static uint32_t
questions_add(struct buf *b, const struct mail *m, bool asked, uint32_t count)
{
	for (const struct sent *s = m->sent; s != NULL && count < FORESIGHT_QUESTIONS; s = s->next)
		if (s->asked == asked && s->question.len <= QUESTION_BYTES_MAX) {
			pack_span(b, s->question);
			count++;
		}
	return count;
}

static bool
is_news(const struct mail *m)
{
	for (const struct sent *s = m->sent; s != NULL; s = s->next)
		if (!s->foreseen)
			return true;
	return false;
}

/* What was asked first, then what was foreseen in vain, while there is room. */
void
foresight_learn(struct foresight *f, const struct mail *m)
{
	char lower[DOMAIN_MAX_BYTES];
	struct mt_span domain = domain_of(m, lower);
	struct row *row = row_of(f, domain);

	if (domain.len == 0 || !is_news(m))
		return;
	if (!span_equal(domain, buf_span(&row->domain))) {
		buf_reset(&row->domain);
		buf_add(&row->domain, domain.ptr, domain.len);
		row->uses = 0;
	}
	buf_reset(&row->questions);
	questions_add(&row->questions, m, false,
	    questions_add(&row->questions, m, true, 0));
}

void
foresight_ask(struct foresight *f, struct mail *m)
{
	char lower[DOMAIN_MAX_BYTES];
	struct mt_span domain = domain_of(m, lower), questions[FORESIGHT_QUESTIONS];
	struct row *row = row_of(f, domain);
	struct unpack u = unpack_of(buf_span(&row->questions));
	uint32_t count = 0;

	if (domain.len == 0 || !span_equal(domain, buf_span(&row->domain)))
		return;
	if (++row->uses > FORESIGHT_USES) {
		buf_reset(&row->domain);	/* this mail asks for itself */
		return;
	}
	while (!unpack_done(&u) && count < FORESIGHT_QUESTIONS)
		questions[count++] = unpack_span(&u);
	mail_foresee(m, questions, count);
}
