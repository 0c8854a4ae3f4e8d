/* SPDX-License-Identifier: BSD-2-Clause */
/* Wrapping keys. */
#include "store/wrap.h"

#include <errno.h>

#include <openssl/evp.h>

#include "base/log.h"

enum { NONCE_SIZE = 12, TAG_AT = NONCE_SIZE + WRAP_KEY_SIZE, TAG_SIZE = 16 };

static EVP_CIPHER_CTX *
wrap_start(const uint8_t by[WRAP_KEY_SIZE], const uint8_t *nonce, struct mt_span place,
    bool closing)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	if (ctx == NULL || !EVP_CipherInit_ex2(ctx, EVP_aes_256_gcm(), by, nonce, closing, NULL) ||
	    !EVP_CipherUpdate(ctx, NULL, &n, (const unsigned char *)place.ptr, (int)place.len))
		log_panic("libcrypto: AES-256-GCM failed");
	return ctx;
}

void
wrap_close(const uint8_t by[WRAP_KEY_SIZE], struct mt_span place,
    const uint8_t key[WRAP_KEY_SIZE], uint8_t out[WRAP_SIZE])
{
	EVP_CIPHER_CTX *ctx;
	int n;

	hash_random(out, NONCE_SIZE);
	ctx = wrap_start(by, out, place, true);
	if (!EVP_CipherUpdate(ctx, out + NONCE_SIZE, &n, key, WRAP_KEY_SIZE) ||
	    !EVP_CipherFinal_ex(ctx, out + TAG_AT, &n) ||
	    !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, out + TAG_AT))
		log_panic("libcrypto: AES-256-GCM failed");
	EVP_CIPHER_CTX_free(ctx);
}

int
wrap_open(const uint8_t by[WRAP_KEY_SIZE], struct mt_span place,
    const uint8_t wrapped[WRAP_SIZE], uint8_t key[WRAP_KEY_SIZE])
{
	EVP_CIPHER_CTX *ctx = wrap_start(by, wrapped, place, false);
	uint8_t tag[TAG_SIZE];
	bool ok;
	int n;

	memcpy(tag, wrapped + TAG_AT, TAG_SIZE);
	if (!EVP_CipherUpdate(ctx, key, &n, wrapped + NONCE_SIZE, WRAP_KEY_SIZE) ||
	    !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag))
		log_panic("libcrypto: AES-256-GCM failed");
	ok = EVP_CipherFinal_ex(ctx, tag, &n) > 0;
	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		explicit_bzero(key, WRAP_KEY_SIZE);
	return ok ? 0 : EBADMSG;
}
