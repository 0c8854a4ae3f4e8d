/* SPDX-License-Identifier: BSD-2-Clause */
/* Pins, held against the chain that libssl has built and verified. */
#include "dispatch/chain.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

int
chain_pin(const X509 *certificate, struct buf *out)
{
	unsigned char *der = NULL, digest[SHA256_DIGEST_LENGTH];
	unsigned char text[4 * ((sizeof(digest) + 2) / 3) + 1];
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);

	if (len <= 0)
		return EINVAL;
	SHA256(der, (size_t)len, digest);
	OPENSSL_free(der);
	EVP_EncodeBlock(text, digest, sizeof(digest));
	buf_reset(out);
	buf_printf(out, "sha256//%s", (const char *)text);
	buf_string(out);
	return 0;
}

static bool
is_pinned(const STACK_OF(X509) *chain, const struct buf *pins)
{
	struct buf pin = { 0 };
	bool found = false;

	for (int i = 0; !found && i < sk_X509_num(chain); i++)
		found = chain_pin(sk_X509_value(chain, i), &pin) == 0 &&
		    pins_have(pins, buf_string(&pin));
	buf_free(&pin);
	return found;
}

/* 1: go on, as X509_verify_cert() has it. */
static int
chain_verify(X509_STORE_CTX *store, void *arg)
{
	if (X509_verify_cert(store) != 1)
		return 0;
	if (is_pinned(X509_STORE_CTX_get0_chain(store), arg))
		return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

void
chain_require(SSL_CTX *tls, const struct buf *pins)
{
	SSL_CTX_set_cert_verify_callback(tls, chain_verify, (void *)(uintptr_t)pins);
}
