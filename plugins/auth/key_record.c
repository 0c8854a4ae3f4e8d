/* SPDX-License-Identifier: BSD-2-Clause */
/* DKIM key records: which of them may verify a signature, and their key. */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "base64.h"
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

static void
judge_rsa(struct bytes *b, unsigned min_bits, struct signature *s)
{
	EVP_PKEY *key = key_cache_get(b->der, b->len);
	int bits;

	if (key == NULL && wrap_rsa(b))
		key = key_cache_get(b->der, b->len);
	ERR_clear_error();
	if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
		signature_judge(s, WORD_PERMERROR, "the key cannot be decoded");
		return;
	}
	bits = EVP_PKEY_get_bits(key);
	if (bits < (int)min_bits)
		signature_judge(s, WORD_POLICY, "the key is too short");
	else if (bits > KEY_BITS_MAX)
		signature_judge(s, WORD_POLICY, "the key is longer than 4096 bits");
}

static void
judge_tags(const struct taglist *tags, struct signature *s)
{
	const struct tag *v = taglist_find(tags, "v"), *k = taglist_find(tags, "k");
	const char *type = s->ed25519 ? "ed25519" : "rsa";

	if (v != NULL && (v != &tags->tag[0] || v->value.len != 5 ||
	    memcmp(v->value.ptr, "DKIM1", 5) != 0))
		signature_judge(s, WORD_PERMERROR, "the key record has another version");
	else if (k == NULL ? s->ed25519 : !text_is(k->value, type))
		signature_judge(s, WORD_PERMERROR, "the key is of another type than a= says");
	else if (!allows(tags, "h", "sha256"))
		signature_judge(s, WORD_PERMERROR, "the key is not for SHA-256");
	else if (!allows(tags, "s", "*") && !allows(tags, "s", "email"))
		signature_judge(s, WORD_PERMERROR, "the key is not for mail");
	else if (s->below && flagged(tags, "s"))
		signature_judge(s, WORD_PERMERROR, "the key is not for names below d=");
	else if (flagged(tags, "y"))
		signature_judge(s, WORD_POLICY, "the key is for tests only");
}

static void
write_key(const struct bytes *b, const struct signature *s, struct key *key)
{
	struct text t = text_make(key->text, sizeof(key->text));

	text_puts(&t, s->ed25519 ? "v=DKIM1; k=ed25519; p=" : "v=DKIM1; k=rsa; p=");
	base64_encode(&t, b->der, b->len);
}

void
key_record_parse(struct mt_span txt, unsigned min_bits, struct signature *s, struct key *key)
{
	struct taglist tags;
	const struct tag *p;
	struct bytes b;
	long n;

	if (txt.len > KEY_RECORD_MAX || taglist_parse(txt, &tags) != 0 ||
	    (p = taglist_find(&tags, "p")) == NULL) {
		signature_judge(s, WORD_PERMERROR, "the key record cannot be read");
		return;
	}
	judge_tags(&tags, s);
	if (p->value.len == 0)
		signature_judge(s, WORD_PERMERROR, "the key is revoked");
	n = base64_decode(p->value, b.der, sizeof(b.der));
	if (n <= 0 || (s->ed25519 && n != ED25519_BYTES))
		signature_judge(s, WORD_PERMERROR, "the key cannot be decoded");
	if (s->judged)
		return;
	b.len = (size_t)n;
	if (!s->ed25519)
		judge_rsa(&b, min_bits, s);
	if (!s->judged)
		write_key(&b, s, key);
}
