/* SPDX-License-Identifier: BSD-2-Clause */
/* Public keys by their DER bytes; a new one takes its slot from an old one. */
#include <openssl/bio.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "key_cache.h"
#include "mailtri/stage.h"

enum { SLOTS = 1024, DER_MAX = 1024 };

static struct slot {
	EVP_PKEY *key;
	size_t len;
	unsigned char der[DER_MAX];
} *slots[SLOTS];

static size_t
slot_of(const unsigned char *der, size_t len)
{
	uint32_t h = 2166136261u;	/* FNV-1a */
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ der[i]) * 16777619u;
	return h % SLOTS;
}

EVP_PKEY *
key_cache_get(const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	struct slot *s;
	size_t n;
	EVP_PKEY *key;

	if (len == 0 || len > DER_MAX)
		return NULL;
	n = slot_of(der, len);
	s = slots[n];
	if (s != NULL && s->len == len && memcmp(s->der, der, len) == 0)
		return s->key;
	key = d2i_PUBKEY(NULL, &p, (long)len);
	if (key == NULL || p != der + len) {
		EVP_PKEY_free(key);
		return NULL;
	}
	if (s == NULL) {
		s = slots[n] = malloc(sizeof(*s));
		if (s == NULL)
			abort();
	} else {
		EVP_PKEY_free(s->key);
	}
	s->key = key;
	s->len = len;
	memcpy(s->der, der, len);
	return key;
}

void
key_cache_fini(void)
{
	size_t i;

	for (i = 0; i < SLOTS; i++) {
		if (slots[i] != NULL)
			EVP_PKEY_free(slots[i]->key);
		free(slots[i]);
		slots[i] = NULL;
	}
}

/* Called by libopendkim, in place of OpenSSL's function of this name. */
MT_EXPORT EVP_PKEY *
d2i_PUBKEY_bio(BIO *bio, EVP_PKEY **out)
{
	unsigned char *der = NULL;
	long len = BIO_get_mem_data(bio, (char **)&der);
	EVP_PKEY *key = len > 0 && der != NULL ? key_cache_get(der, (size_t)len) : NULL;

	if (key == NULL || EVP_PKEY_up_ref(key) != 1)
		return NULL;
	if (out != NULL)
		*out = key;
	return key;
}
