/* SPDX-License-Identifier: BSD-2-Clause */
/* TLS settings of the server side, all of them said here. */
#include "smtp/tls.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/log.h"

/* RFC 9325 section 4.2: ECDHE and AEAD, nothing else. */
static const char ciphers_12[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-CHACHA20-POLY1305";
static const char ciphers_13[] =
    "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
static const char groups[] = "X25519:P-256:P-384";
static const char signatures[] =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:"
    "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";

struct tls_server {
	SSL_CTX *ctx;
};

struct tls_server *
tls_server_new(void)
{
	struct tls_server *t = xcalloc(1, sizeof(*t));
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, ciphers_12) != 1 ||
	    SSL_CTX_set_ciphersuites(ctx, ciphers_13) != 1 ||
	    SSL_CTX_set1_groups_list(ctx, groups) != 1 ||
	    SSL_CTX_set1_sigalgs_list(ctx, signatures) != 1)
		log_panic("OpenSSL does not take the TLS settings");
	SSL_CTX_set_security_level(ctx, 2);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
	    SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
	    SSL_OP_NO_TICKET);
	/* Sessions are not resumed: no ticket key that outlives its day. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_max_early_data(ctx, 0);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	t->ctx = ctx;
	return t;
}

void
tls_server_free(struct tls_server *t)
{
	if (t == NULL)
		return;
	SSL_CTX_free(t->ctx);
	free(t);
}

/* An encrypted key is refused rather than asked for on a terminal. */
static int
no_password(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static BIO *
bio_of(struct mt_span s)
{
	return s.len == 0 || s.len > INT_MAX ? NULL : BIO_new_mem_buf(s.ptr, (int)s.len);
}

/* The rest of the file: the certificates between ours and the root. */
static STACK_OF(X509) *
read_chain(BIO *bio)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *x;

	while (chain != NULL &&
	    (x = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL)
		if (sk_X509_push(chain, x) <= 0) {
			X509_free(x);
			break;
		}
	ERR_clear_error();	/* "no start line": the end of the file */
	return chain;
}

/* A second pair of one kind of key would silently replace the first. */
static bool
is_kind_taken(SSL_CTX *ctx, const EVP_PKEY *key)
{
	bool taken = false;

	for (long more = SSL_CTX_set_current_cert(ctx, SSL_CERT_SET_FIRST); more == 1;
	    more = SSL_CTX_set_current_cert(ctx, SSL_CERT_SET_NEXT)) {
		EVP_PKEY *other = SSL_CTX_get0_privatekey(ctx);

		if (other != NULL && EVP_PKEY_get_base_id(other) ==
		    EVP_PKEY_get_base_id(key))
			taken = true;
	}
	return taken;
}

static const char *
add_pair(SSL_CTX *ctx, X509 *cert, EVP_PKEY *key, STACK_OF(X509) *chain)
{
	if (cert == NULL)
		return "the certificate is not PEM";
	if (key == NULL)
		return "the key is not PEM, or needs a password";
	if (X509_check_private_key(cert, key) != 1)
		return "the key is not that of the certificate";
	if (is_kind_taken(ctx, key))
		return "another certificate has a key of the same kind";
	if (chain == NULL || SSL_CTX_use_cert_and_key(ctx, cert, key, chain, 0) != 1)
		return "OpenSSL refuses them: is the key too short?";
	return NULL;
}

const char *
tls_server_add(struct tls_server *t, struct mt_span certificates, struct mt_span key)
{
	BIO *cert_bio = bio_of(certificates), *key_bio = bio_of(key);
	X509 *cert = NULL;
	EVP_PKEY *pkey = NULL;
	STACK_OF(X509) *chain = NULL;
	const char *why;

	if (cert_bio != NULL)
		cert = PEM_read_bio_X509(cert_bio, NULL, no_password, NULL);
	if (cert != NULL)
		chain = read_chain(cert_bio);
	if (key_bio != NULL)
		pkey = PEM_read_bio_PrivateKey(key_bio, NULL, no_password, NULL);
	why = add_pair(t->ctx, cert, pkey, chain);
	ERR_clear_error();
	sk_X509_pop_free(chain, X509_free);
	EVP_PKEY_free(pkey);
	X509_free(cert);
	BIO_free(cert_bio);
	BIO_free(key_bio);
	return why;
}

struct ssl_st *
tls_accept(struct tls_server *t, int fd)
{
	SSL *ssl = SSL_new(t->ctx);

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		ERR_clear_error();
		return NULL;
	}
	SSL_set_accept_state(ssl);
	return ssl;
}
