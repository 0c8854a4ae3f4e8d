/* SPDX-License-Identifier: BSD-2-Clause */
/* DKIM: the keys are asked for at once, the library runs when all are there. */
#include <stdbool.h>
#include <stdlib.h>
#include <sys/types.h>

#include <opendkim/dkim.h>

#include "canon.h"
#include "dkim.h"

struct dkim_engine {
	DKIM_LIB *lib;
};

struct job {	/* what the key callback looks into */
	struct dkim *dkim;
	struct key key[SIGNATURES_MAX];
};

/* libopendkim takes its input as unsigned char * and does not write to it. */
static unsigned char *
input(const char *p)
{
	return (unsigned char *)(uintptr_t)p;
}

static bool
same_folded(const char *ours, const unsigned char *theirs)
{
	for (;; theirs++) {
		if (text_space((char)*theirs))
			continue;
		if ((char)*theirs != *ours)
			return false;
		if (*ours++ == '\0')
			return true;
	}
}

/* Which of our signatures the library means: the one with its b=. */
static size_t
find(const struct dkim *d, DKIM_SIGINFO *info)
{
	static unsigned char tag[] = "b";
	const unsigned char *b = dkim_sig_gettagvalue(info, false, tag);
	size_t i;

	for (i = 0; b != NULL && i < d->count; i++)
		if (d->signature[i].readable && same_folded(d->signature[i].b, b))
			return i;
	return SIGNATURES_MAX;
}

static DKIM_CBSTAT
give_key(DKIM *handle, DKIM_SIGINFO *info, unsigned char *buf, size_t room)
{
	struct job *job = dkim_get_user_context(handle);
	size_t i = find(job->dkim, info), n;

	if (i == SIGNATURES_MAX || job->dkim->signature[i].judged)
		return DKIM_CBSTAT_NOTFOUND;
	n = strlen(job->key[i].text) + 1;
	if (n > room)
		return DKIM_CBSTAT_NOTFOUND;
	memcpy(buf, job->key[i].text, n);
	return DKIM_CBSTAT_CONTINUE;
}

struct dkim_engine *
dkim_open(void)
{
	unsigned flags = DKIM_LIBFLAGS_BADSIGHANDLES, bits = 1024;
	struct dkim_engine *e = calloc(1, sizeof(*e));

	if (e == NULL || (e->lib = dkim_init(NULL, NULL)) == NULL ||
	    dkim_set_key_lookup(e->lib, give_key) != DKIM_STAT_OK ||
	    dkim_options(e->lib, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof(flags)) !=
	    DKIM_STAT_OK ||
	    dkim_options(e->lib, DKIM_OP_SETOPT, DKIM_OPTS_MINKEYBITS, &bits, sizeof(bits)) !=
	    DKIM_STAT_OK) {
		dkim_end(e);
		return NULL;
	}
	return e;
}

void
dkim_end(struct dkim_engine *e)
{
	if (e != NULL && e->lib != NULL)
		dkim_close(e->lib);
	free(e);
}

/* Asks for the key; the signature is judged where there is no good one. */
static void
fetch_key(struct run *r, unsigned min_bits, struct signature *s, struct key *key)
{
	char buf[2 * DOMAIN_MAX + 16];
	struct text name = text_make(buf, sizeof(buf));
	struct mt_answer a;
	int status;

	if (s->judged)
		return;
	text_puts(&name, s->selector);
	text_puts(&name, "._domainkey.");
	text_puts(&name, s->domain);
	status = run_ask(r, buf, DNS_TXT, &a);
	if (status == MT_PENDING)
		return;
	if (run_failed(status))
		signature_judge(s, WORD_TEMPERROR, "the question for its key failed");
	else if (status != MT_OK)
		signature_judge(s, WORD_PERMERROR, "there is no key");
	else if (a.count > 1)
		signature_judge(s, WORD_PERMERROR, "there is more than one key record");
	else
		key_record_parse(a.rr[0], min_bits, s, key);
}

static bool
to_be_fed(const struct dkim *d, const struct field *f)
{
	size_t i;

	if (!text_is(f->name, DKIM_SIGNHEADER))
		return true;
	for (i = 0; i < d->count; i++)
		if (d->signature[i].field == f)
			return d->signature[i].readable;
	return false;
}

/* The header alone: the library verifies signatures as soon as it ends.  The
 * bodies that bh= speaks of are canon.c's part. */
static void
feed(DKIM *handle, const struct dkim *d, const struct header *h)
{
	DKIM_STAT status = DKIM_STAT_OK;
	size_t i;

	for (i = 0; i < h->count && status == DKIM_STAT_OK; i++)
		if (to_be_fed(d, &h->field[i]))
			status = dkim_header(handle, input(h->field[i].whole.ptr),
			    h->field[i].whole.len);
	if (status == DKIM_STAT_OK)
		dkim_eoh(handle);
}

/* Without a body the library finds no error where it finds none in the header:
 * it then says UNKNOWN. */
static void
take_result(struct signature *s, DKIM_SIGINFO *info)
{
	unsigned passed = DKIM_SIGFLAG_PROCESSED | DKIM_SIGFLAG_PASSED;
	int error = dkim_sig_geterror(info);

	if (error == DKIM_SIGERROR_UNKNOWN && (dkim_sig_getflags(info) & passed) == passed)
		signature_judge(s, WORD_PASS, "the signature is good");
	else if (error == DKIM_SIGERROR_BADSIG)
		signature_judge(s, WORD_FAIL, "the signature does not fit the header");
	else if (error > 0)
		signature_judge(s, WORD_PERMERROR, dkim_sig_geterrorstr(error));
}

static void
verify(struct dkim_engine *e, const struct header *h, struct job *job)
{
	DKIM_STAT status;
	DKIM *handle = dkim_verify(e->lib, input("mailtri"), NULL, &status);
	DKIM_SIGINFO **infos = NULL;
	int n = 0, i;

	if (handle == NULL)
		abort();	/* out of memory, as everywhere */
	dkim_set_user_context(handle, job);
	feed(handle, job->dkim, h);
	if (dkim_getsiglist(handle, &infos, &n) != DKIM_STAT_OK)
		n = 0;
	for (i = 0; i < n; i++) {
		size_t at = find(job->dkim, infos[i]);

		if (at != SIGNATURES_MAX)
			take_result(&job->dkim->signature[at], infos[i]);
	}
	dkim_free(handle);
}

/* ---- the body ---- */

/* SHA-256 of the body in its two forms, each made when it is first asked for. */
struct body_hash {
	bool made[2];
	unsigned char hash[2][HASH_BYTES];
};

static bool
same_body(const struct header *h, const struct signature *s, struct body_hash *b)
{
	EVP_MD_CTX *digest;

	if (!b->made[s->relaxed_body]) {
		digest = hash_begin();
		canon_body(digest, s->relaxed_body, h->body);
		hash_end(digest, b->hash[s->relaxed_body]);
		b->made[s->relaxed_body] = true;
	}
	return memcmp(b->hash[s->relaxed_body], s->body_hash, HASH_BYTES) == 0;
}

/* True: there is a signature left whose body is the one that was signed. */
static bool
judge_bodies(const struct header *h, struct dkim *d)
{
	struct body_hash b = { .made = { false, false } };
	bool left = false;
	size_t i;

	for (i = 0; i < d->count; i++) {
		struct signature *s = &d->signature[i];

		if (!s->judged && !same_body(h, s, &b))
			signature_judge(s, WORD_FAIL, "the body is not the one that was signed");
		left = left || !s->judged;
	}
	return left;
}

/* The library's signatures are told apart by b=.  Two with the same one: the
 * tags of the one would be believed for the cryptography of the other. */
static void
judge_twins(struct dkim *d)
{
	static const char why[] = "another signature has the same b=";
	size_t i, k;

	for (i = 0; i < d->count; i++)
		for (k = 0; k < i; k++) {
			if (!d->signature[i].readable || !d->signature[k].readable ||
			    strcmp(d->signature[i].b, d->signature[k].b) != 0)
				continue;
			signature_judge(&d->signature[i], WORD_POLICY, why);
			signature_judge(&d->signature[k], WORD_POLICY, why);
		}
}

static void
read_signatures(struct run *r, const struct header *h, const struct dkim_options *o,
    struct dkim *d)
{
	size_t i;

	*d = (struct dkim){ .count = 0 };
	for (i = 0; i < h->count; i++)
		if (text_is(h->field[i].name, DKIM_SIGNHEADER) && d->seen++ < SIGNATURES_MAX)
			signature_parse(r, h, &h->field[i], o->covered, &d->signature[d->count++]);
	judge_twins(d);
}

/* False: there is nothing to verify, or not yet. */
static bool
fetch_keys(struct run *r, unsigned min_bits, struct dkim *d, struct job *job)
{
	bool waiting = r->waiting, candidates = false, ready;
	size_t i;

	r->waiting = false;
	for (i = 0; i < d->count; i++) {
		fetch_key(r, min_bits, &d->signature[i], &job->key[i]);
		candidates = candidates || !d->signature[i].judged;
	}
	ready = candidates && !r->waiting;
	r->waiting = r->waiting || waiting;
	return ready;
}

void
dkim_check(struct run *r, const struct dkim_input *in, struct dkim *d)
{
	struct job *job = run_alloc(r, sizeof(*job));
	struct dkim_kept *kept = in->kept;
	size_t i;

	read_signatures(r, in->header, in->options, d);
	job->dkim = d;
	if (!fetch_keys(r, in->options->min_key_bits, d, job))
		return;
	if (!kept->done && judge_bodies(in->header, d))
		verify(in->engine, in->header, job);
	for (i = 0; i < d->count; i++) {
		struct signature *s = &d->signature[i];

		if (kept->done)
			signature_judge(s, kept->result[i].word, kept->result[i].why);
		signature_judge(s, WORD_PERMERROR, "the library could not verify it");
		kept->result[i].word = s->word;
		kept->result[i].why = s->why;
	}
	kept->done = true;
}
