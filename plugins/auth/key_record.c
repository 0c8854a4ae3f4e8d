/* SPDX-License-Identifier: BSD-2-Clause */
/* DKIM key records: which of them may verify a signature, and their key. */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "base64.h"
#include "cache.h"
#include "key_cache.h"
#include "key_record.h"
#include "taglist.h"

enum { DER_ROOM = 4096, ED25519_BYTES = 32 };

struct bytes {
	unsigned char der[DER_ROOM];
	size_t len;
};

static bool
allows(const struct taglist *tags, const char *name, const char *what)
{
	const struct tag *t = taglist_find(tags, name);

	return t == NULL || signature_listed(t->value, what);
}

static bool
flagged(const struct taglist *tags, const char *flag)
{
	const struct tag *t = taglist_find(tags, "t");

	return t != NULL && signature_listed(t->value, flag);
}

/* RFC 6376 names PKCS#1's RSAPublicKey, the world writes the other form. */
static bool
wrap_rsa(struct bytes *b)
{
	const unsigned char *in = b->der;
	unsigned char *out = NULL;
	EVP_PKEY *key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &in, (long)b->len);
	int n = key != NULL && in == b->der + b->len ? i2d_PUBKEY(key, &out) : 0;
	bool ok = n > 0 && n <= DER_ROOM;

	if (ok) {
		memcpy(b->der, out, (size_t)n);
		b->len = (size_t)n;
	}
	OPENSSL_free(out);
	EVP_PKEY_free(key);
	return ok;
}

/* What a record says, whoever's signature it is asked for. */
struct parsed {
	struct cache_entry entry;
	bool version, rsa, ed25519, sha256, mail;	/* it is for these */
	bool strict, testing, revoked;
	int bits;	/* of the RSA key; 0: it is none */
	struct key key[2];	/* by enum type; "": none of that type */
};

_Static_assert((int)KEY_RECORD_MAX <= (int)CACHE_TEXT_MAX, "every record can be kept");

enum type { TYPE_RSA, TYPE_ED25519 };

static struct cache records;

static int
rsa_bits(struct bytes *b)
{
	EVP_PKEY *key = key_cache_get(b->der, b->len);

	if (key == NULL && wrap_rsa(b))
		key = key_cache_get(b->der, b->len);
	ERR_clear_error();
	return key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA ? 0 :
	    EVP_PKEY_get_bits(key);
}

static void
write_key(const struct bytes *b, enum type type, struct key *key)
{
	struct text t = text_make(key->text, sizeof(key->text));

	text_puts(&t, type == TYPE_ED25519 ? "v=DKIM1; k=ed25519; p=" : "v=DKIM1; k=rsa; p=");
	base64_encode(&t, b->der, b->len);
	if (t.full)
		key->text[0] = '\0';
}

static void
read_key(struct mt_span p, struct parsed *r)
{
	struct bytes b;
	long n = base64_decode(p, b.der, sizeof(b.der));

	r->revoked = p.len == 0;
	if (n <= 0)
		return;
	b.len = (size_t)n;
	if (r->ed25519 && b.len == ED25519_BYTES)
		write_key(&b, TYPE_ED25519, &r->key[TYPE_ED25519]);
	if (r->rsa)
		r->bits = rsa_bits(&b);
	if (r->bits != 0)
		write_key(&b, TYPE_RSA, &r->key[TYPE_RSA]);
}

static void
read_tags(const struct taglist *tags, struct parsed *r)
{
	const struct tag *v = taglist_find(tags, "v"), *k = taglist_find(tags, "k");

	r->version = v == NULL || (v == &tags->tag[0] && v->value.len == 5 &&
	    memcmp(v->value.ptr, "DKIM1", 5) == 0);
	r->rsa = k == NULL || text_is(k->value, "rsa");
	r->ed25519 = k != NULL && text_is(k->value, "ed25519");
	r->sha256 = allows(tags, "h", "sha256");
	r->mail = allows(tags, "s", "*") || allows(tags, "s", "email");
	r->strict = flagged(tags, "s");
	r->testing = flagged(tags, "y");
}

/* NULL: it cannot be read. */
static const struct parsed *
parse(struct mt_span txt)
{
	struct parsed *r = (struct parsed *)cache_find(&records, txt);
	struct taglist tags;
	const struct tag *p;

	if (r != NULL)
		return r;
	if (taglist_parse(txt, &tags) != 0 || (p = taglist_find(&tags, "p")) == NULL)
		return NULL;
	r = (struct parsed *)cache_add(&records, txt, sizeof(*r));
	read_tags(&tags, r);
	read_key(p->value, r);
	return r;
}

static void
judge_tags(const struct parsed *r, struct signature *s)
{
	if (!r->version)
		signature_judge(s, WORD_PERMERROR, "the key record has another version");
	else if (s->ed25519 ? !r->ed25519 : !r->rsa)
		signature_judge(s, WORD_PERMERROR, "the key is of another type than a= says");
	else if (!r->sha256)
		signature_judge(s, WORD_PERMERROR, "the key is not for SHA-256");
	else if (!r->mail)
		signature_judge(s, WORD_PERMERROR, "the key is not for mail");
	else if (s->below && r->strict)
		signature_judge(s, WORD_PERMERROR, "the key is not for names below d=");
	else if (r->testing)
		signature_judge(s, WORD_POLICY, "the key is for tests only");
	else if (r->revoked)
		signature_judge(s, WORD_PERMERROR, "the key is revoked");
}

void
key_record_parse(struct mt_span txt, unsigned min_bits, struct signature *s, struct key *key)
{
	const struct parsed *r = txt.len > KEY_RECORD_MAX ? NULL : parse(txt);
	const struct key *found;

	if (r == NULL) {
		signature_judge(s, WORD_PERMERROR, "the key record cannot be read");
		return;
	}
	judge_tags(r, s);
	found = &r->key[s->ed25519 ? TYPE_ED25519 : TYPE_RSA];
	if (!s->ed25519 && r->bits != 0 && r->bits < (int)min_bits)
		signature_judge(s, WORD_POLICY, "the key is too short");
	else if (!s->ed25519 && r->bits > KEY_BITS_MAX)
		signature_judge(s, WORD_POLICY, "the key is longer than 4096 bits");
	else if (found->text[0] == '\0')
		signature_judge(s, WORD_PERMERROR, "the key cannot be decoded");
	if (!s->judged)
		*key = *found;
}

void
key_record_fini(void)
{
	cache_fini(&records);
}
