/* SPDX-License-Identifier: BSD-2-Clause */
/* TLS settings of the server side, all of them said here. */
#include "smtp/tls.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/loop.h"
#include "smtp/ticket.h"

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
	struct tickets tickets;
};

static int
ticket_start(const struct ticket_key *k, EVP_MAC_CTX *mac)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
		    (void *)(uintptr_t)k->mac, sizeof(k->mac)),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){ "SHA256" }, 0),
		OSSL_PARAM_construct_end(),
	};

	return EVP_MAC_CTX_set_params(mac, params);
}

/* OpenSSL's return values: 1 go on, 2 also give a new ticket, 0 a full
 * handshake, -1 an error. */
static int
ticket_seal(SSL *ssl, unsigned char name[TICKET_NAME_BYTES],
    unsigned char iv[EVP_MAX_IV_LENGTH], EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int seal)
{
	struct tls_server *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	int64_t now_s = clock_ms() / 1000 + 1;
	const struct ticket_key *k = seal ? tickets_current(&t->tickets, now_s) :
	    tickets_find(&t->tickets, name, now_s);
	int (*start)(EVP_CIPHER_CTX *, const EVP_CIPHER *, ENGINE *, const unsigned char *,
	    const unsigned char *) = seal ? EVP_EncryptInit_ex : EVP_DecryptInit_ex;

	if (k == NULL)
		return seal ? -1 : 0;
	if (seal) {
		memcpy(name, k->name, TICKET_NAME_BYTES);
		if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
			return -1;
	}
	if (start(cipher, EVP_aes_256_cbc(), NULL, k->cipher, iv) != 1 ||
	    ticket_start(k, mac) != 1)
		return -1;
	return seal || k == &t->tickets.current ? 1 : 2;
}

/* Resumed where a client brings a ticket; nothing is kept here for it. */
static void
tickets_offer(struct tls_server *t)
{
	static const unsigned char context[] = "mailtri";

	SSL_CTX_set_app_data(t->ctx, t);
	SSL_CTX_set_session_cache_mode(t->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(t->ctx, TICKET_PERIOD_S);
	if (SSL_CTX_set_session_id_context(t->ctx, context, sizeof(context) - 1) != 1 ||
	    SSL_CTX_set_tlsext_ticket_key_evp_cb(t->ctx, ticket_seal) != 1 ||
	    SSL_CTX_set_num_tickets(t->ctx, 1) != 1)
		log_panic("OpenSSL does not take the ticket settings");
}

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
	    SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_max_early_data(ctx, 0);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	t->ctx = ctx;
	tickets_offer(t);
	return t;
}

void
tls_server_free(struct tls_server *t)
{
	if (t == NULL)
		return;
	SSL_CTX_free(t->ctx);
	tickets_wipe(&t->tickets);
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
