/* SPDX-License-Identifier: BSD-2-Clause */
/* ARC: the signatures of a chain (RFC 8617 5.2, steps 4 and 6). */
#include <openssl/rsa.h>

#include "arc.h"
#include "base64.h"
#include "canon.h"
#include "key_cache.h"

enum { B_ROOM = 512, DER_ROOM = 1024, H_ROOM = 4096 };

struct check {	/* one signature in hand */
	struct run *run;
	const struct header *header;
	const struct arc_seal *seal;
	unsigned min_bits;
	unsigned char hash[HASH_BYTES];
};

static const struct mt_span nothing = { "", 0 };

/* 0, or the word that the key makes of the chain, with the reason. */
static enum word
find_key(const struct check *c, struct key *key, const char **why)
{
	struct signature s = { .ed25519 = c->seal->signature.ed25519 };
	char name[ARC_KEY_NAME_MAX];
	struct mt_answer a;
	int status;

	arc_key_name(c->seal, name);
	status = run_ask(c->run, name, DNS_TXT, &a);
	*why = "the question for a key of the chain failed";
	if (run_failed(status) || status == MT_PENDING)
		return WORD_TEMPERROR;
	*why = "a key of the chain is missing";
	if (status != MT_OK || a.count != 1)
		return WORD_FAIL;
	key_record_parse(a.rr[0], c->min_bits, &s, key);
	*why = s.why;
	return s.judged ? WORD_FAIL : WORD_NONE;
}

static bool
verify_rsa(const struct check *c, const unsigned char *der, size_t len, struct mt_span b)
{
	EVP_PKEY *key = key_cache_get(der, len);
	EVP_PKEY_CTX *ctx = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
	bool good = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
	    EVP_PKEY_verify(ctx, (const unsigned char *)b.ptr, b.len, c->hash, HASH_BYTES) == 1;

	EVP_PKEY_CTX_free(ctx);
	return good;
}

/* RFC 8463: Ed25519 signs the SHA-256 of the canonical form. */
static bool
verify_ed25519(const struct check *c, const unsigned char *raw, size_t len, struct mt_span b)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, len);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = key != NULL && ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestVerify(ctx, (const unsigned char *)b.ptr, b.len, c->hash, HASH_BYTES) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good;
}

/* The signature over c->hash: WORD_PASS, or what it makes of the chain. */
static enum word
verify_signature(const struct check *c, const char **why)
{
	unsigned char b[B_ROOM], der[DER_ROOM];
	long b_len = base64_decode(c->seal->b, b, sizeof(b)), der_len;
	struct key key = { .text = "" };
	struct taglist tags;
	enum word word = find_key(c, &key, why);
	struct mt_span made;
	bool good;

	if (word != WORD_NONE)
		return word;
	*why = "a signature of the chain cannot be read";
	if (b_len <= 0 || taglist_parse(text_span(key.text), &tags) != 0)
		return WORD_FAIL;
	der_len = base64_decode(taglist_find(&tags, "p")->value, der, sizeof(der));
	if (der_len <= 0)
		return WORD_FAIL;
	made = (struct mt_span){ (const char *)b, (size_t)b_len };
	good = c->seal->signature.ed25519 ? verify_ed25519(c, der, (size_t)der_len, made) :
	    verify_rsa(c, der, (size_t)der_len, made);
	*why = "a signature of the chain does not fit";
	return good ? WORD_PASS : WORD_FAIL;
}

static void
add_line(EVP_MD_CTX *d, bool relaxed, const struct field *f)
{
	canon_field(d, relaxed, f, nothing);
	hash_add(d, (struct mt_span){ "\r\n", 2 });
}

/* A seal signs all sets up to its own (RFC 8617 5.1.1). */
static void
hash_seal(const struct arc *arc, size_t last, unsigned char hash[HASH_BYTES])
{
	EVP_MD_CTX *d = hash_begin();
	size_t i;

	for (i = 0; i <= last; i++) {
		const struct arc_set *s = &arc->set[i];

		add_line(d, true, s->results);
		add_line(d, true, s->message->field);
		if (i < last)
			add_line(d, true, s->seal->field);
		else
			canon_field(d, true, s->seal->field, s->seal->b);
	}
	hash_end(d, hash);
}

struct form {
	bool header, body;	/* relaxed */
};

static bool
read_form(const struct taglist *tags, struct form *f)
{
	static const struct {
		const char *name;
		struct form form;
	} forms[] = {
		{ "simple", { false, false } }, { "relaxed", { true, false } },
		{ "simple/simple", { false, false } }, { "simple/relaxed", { false, true } },
		{ "relaxed/simple", { true, false } }, { "relaxed/relaxed", { true, true } },
	};
	const struct tag *c = taglist_find(tags, "c");
	size_t i;

	/* RFC 6376's default is simple; those who seal without c= mean relaxed. */
	*f = (struct form){ true, true };
	for (i = 0; c != NULL && i < sizeof(forms) / sizeof(forms[0]); i++)
		if (c->value.len == strlen(forms[i].name) &&
		    memcmp(c->value.ptr, forms[i].name, c->value.len) == 0) {
			*f = forms[i].form;
			return true;
		}
	return c == NULL;
}

/* The fields h= names, each name the lowest one not taken yet. */
static void
hash_fields(const struct check *c, char *list, bool relaxed, EVP_MD_CTX *d)
{
	const struct header *h = c->header;
	bool *used = run_alloc(c->run, h->count * sizeof(*used));
	char *name, *rest = list;
	size_t i;

	used[c->seal->field - h->field] = true;	/* it cannot sign itself */
	while ((name = strsep(&rest, ":")) != NULL) {
		for (i = h->count; i > 0; i--)
			if (!used[i - 1] && text_is(h->field[i - 1].name, name))
				break;
		if (i == 0)
			continue;
		used[i - 1] = true;
		add_line(d, relaxed, &h->field[i - 1]);
	}
	canon_field(d, relaxed, c->seal->field, c->seal->b);
}

static const char *
hash_message(struct check *c)
{
	char h[H_ROOM], folded[64];
	unsigned char want[HASH_BYTES];
	EVP_MD_CTX *d;
	struct form form;

	if (!taglist_folded(&c->seal->tags, "h", h, sizeof(h)))
		return "h= of the chain is missing or too long";
	if (signature_listed(text_span(h), "arc-seal"))
		return "h= of the chain names ARC-Seal";
	if (!read_form(&c->seal->tags, &form))
		return "c= of the chain is unknown";
	if (taglist_find(&c->seal->tags, "l") != NULL)
		return "l= leaves a part of the body unsigned";
	if (!taglist_folded(&c->seal->tags, "bh", folded, sizeof(folded)) ||
	    base64_decode(text_span(folded), want, sizeof(want)) != HASH_BYTES)
		return "bh= of the chain is not a hash";
	d = hash_begin();
	canon_body(d, form.body, c->header->body);
	hash_end(d, c->hash);
	if (memcmp(c->hash, want, HASH_BYTES) != 0)
		return "the body is not the one the last host had";
	d = hash_begin();
	hash_fields(c, h, form.header, d);
	hash_end(d, c->hash);
	return NULL;
}

static void
verify_message(struct check *c, struct arc *arc)
{
	c->seal = arc->set[arc->sets - 1].message;
	arc->why = hash_message(c);
	arc->word = arc->why != NULL ? WORD_FAIL : verify_signature(c, &arc->why);
}

void
arc_verify(struct run *r, const struct header *h, unsigned min_bits, struct arc *arc)
{
	struct check c = { .run = r, .header = h, .min_bits = min_bits };
	size_t i;

	if (arc->word != WORD_NEUTRAL)
		return;
	verify_message(&c, arc);
	for (i = arc->sets; i > 0 && arc->word == WORD_PASS; i--) {
		c.seal = arc->set[i - 1].seal;
		hash_seal(arc, i - 1, c.hash);
		arc->word = verify_signature(&c, &arc->why);
	}
	if (arc->word == WORD_PASS)
		arc->why = "every seal of the chain is good";
}
