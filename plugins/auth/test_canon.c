/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bodies canonicalised by canon.c and by libopendkim, which signs each of
 * them: bh= must be the hash of the one for the other.  MAILTRI_CANON_BODIES
 * asks for more than are made here by default.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>
#include <opendkim/dkim.h>
#include <openssl/pem.h>

#include "base64.h"
#include "canon.h"

enum { BODIES = 10000, BODY_MAX = 12000, HASH_TEXT = 64 };

MT_EXPORT const char *__lsan_default_suppressions(void);

/* libopendkim does not free the Ed25519 key it signed with. */
const char *
__lsan_default_suppressions(void)
{
	return "leak:libopendkim\nleak:libcrypto\n";
}

static DKIM_LIB *lib;
static char *pem;
static uint64_t seed = 20260101;

static uint32_t
below(uint32_t n)
{
	seed ^= seed << 13;	/* xorshift64 */
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32) % n;
}

/* Words, and what they are told apart by, at a rate that differs by body:
 * so a body is mostly text, mostly white space or mostly ends of lines. */
static size_t
generate(char *out)
{
	static const char *const pieces[] = { " ", "\t", "  ", " \t", "\r\n", "\r\n", "\r\n\r\n",
		" \r\n", "\t\r\n", "  \t \r\n", ".\r\n", "\r\n \r\n\t\r\n" };
	uint32_t want = below(20) == 0 ? below(BODY_MAX - 64) : below(400), words = 1 + below(9);
	size_t n = 0;

	while (n < want) {
		uint32_t length = 1 + below(12);
		const char *piece = pieces[below(sizeof(pieces) / sizeof(pieces[0]))];

		if (below(10) < words) {
			while (length-- > 0)
				out[n++] = (char)(0x21 + below(0xdf));
		} else {
			memcpy(out + n, piece, strlen(piece));
			n += strlen(piece);
		}
	}
	memcpy(out + n, "\r\n", 2);
	return below(8) == 0 ? n : n + 2;
}

static void
ours(bool relaxed, struct mt_span body, char out[HASH_TEXT])
{
	struct text text = text_make(out, HASH_TEXT);
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	unsigned char hash[32];

	assert_int_equal(EVP_DigestInit_ex(digest, EVP_sha256(), NULL), 1);
	canon_body(digest, relaxed, body);
	assert_int_equal(EVP_DigestFinal_ex(digest, hash, NULL), 1);
	EVP_MD_CTX_free(digest);
	base64_encode(&text, hash, sizeof(hash));
}

/* libopendkim wants the final CRLF, which both canonical forms have anyway. */
static void
theirs(bool relaxed, char *body, size_t n, char out[HASH_TEXT])
{
	static unsigned char id[] = "test", selector[] = "s", domain[] = "example.com",
		from[] = "From: a@example.com";
	unsigned char header[2048];
	DKIM_STAT status;
	DKIM *handle = dkim_sign(lib, id, NULL, (unsigned char *)pem, selector, domain,
	    DKIM_CANON_SIMPLE, relaxed ? DKIM_CANON_RELAXED : DKIM_CANON_SIMPLE,
	    DKIM_SIGN_ED25519SHA256, -1, &status);
	char *bh;
	size_t i = 0;

	assert_non_null(handle);
	assert_int_equal(dkim_header(handle, from, sizeof(from) - 1), DKIM_STAT_OK);
	assert_int_equal(dkim_eoh(handle), DKIM_STAT_OK);
	if (n != 0 && (n < 2 || memcmp(body + n - 2, "\r\n", 2) != 0)) {
		memcpy(body + n, "\r\n", 2);
		n += 2;
	}
	if (n != 0)
		assert_int_equal(dkim_body(handle, (unsigned char *)body, n), DKIM_STAT_OK);
	assert_int_equal(dkim_eom(handle, NULL), DKIM_STAT_OK);
	assert_int_equal(dkim_getsighdr(handle, header, sizeof(header), 0), DKIM_STAT_OK);
	bh = strstr((char *)header, "bh=");
	assert_non_null(bh);
	for (bh += 3; *bh != ';' && *bh != '\0'; bh++)
		if (!text_space(*bh))
			out[i++] = *bh;
	out[i] = '\0';
	dkim_free(handle);
}

static void
compare(char *body, size_t n)
{
	char mine[HASH_TEXT], other[HASH_TEXT];

	for (int relaxed = 0; relaxed < 2; relaxed++) {
		ours(relaxed, (struct mt_span){ body, n }, mine);
		theirs(relaxed, body, n, other);
		if (strcmp(mine, other) == 0)
			continue;
		print_error("%s, %zu bytes:", relaxed ? "relaxed" : "simple", n);
		for (size_t i = 0; i < n; i++)
			print_error(" %02x", (unsigned char)body[i]);
		fail_msg("%s is not %s", mine, other);
	}
}

static void
generated(void **state)
{
	const char *asked = getenv("MAILTRI_CANON_BODIES");
	unsigned long i, count = asked == NULL ? BODIES : strtoul(asked, NULL, 10);
	char *body = malloc(BODY_MAX + 64);

	(void)state;
	for (i = 0; i < count; i++)
		compare(body, generate(body));
	free(body);
}

/* Every body of up to six pieces, of those that matter. */
static void
exhaustive(void **state)
{
	static const char *const pieces[] = { "a", " ", "\t", "\r\n" };
	char body[64];

	(void)state;
	for (unsigned length = 0; length <= 6; length++)
		for (unsigned i = 0; i < 1u << (2 * length); i++) {
			size_t n = 0;

			for (unsigned k = 0; k < length; k++) {
				const char *piece = pieces[i >> (2 * k) & 3];

				memcpy(body + n, piece, strlen(piece));
				n += strlen(piece);
			}
			compare(body, n);
		}
}

static int
setup(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long n;

	(void)state;
	if (key == NULL || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
		return -1;
	n = BIO_get_mem_data(bio, &data);
	pem = calloc(1, (size_t)n + 1);
	memcpy(pem, data, (size_t)n);
	BIO_free(bio);
	EVP_PKEY_free(key);
	lib = dkim_init(NULL, NULL);
	return lib == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	dkim_close(lib);
	free(pem);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exhaustive), cmocka_unit_test(generated),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
