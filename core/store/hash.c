/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256, HMAC, HKDF, random bytes, and hex and base64 text. */
#include "store/hash.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/log.h"

enum {
	BLOCK_SIZE = 64,	/* of SHA-256 */
	ENTROPY_MAX = 256	/* bytes of one getentropy() */
};

static EVP_MD *sha256;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

/* A fetch by name at each use would cost more than the hash. */
static void
sha256_load(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (sha256 == NULL)
		log_panic("libcrypto has no SHA-256");
}

static EVP_MD_CTX *
digest_new(void)
{
	EVP_MD_CTX *ctx;

	pthread_once(&sha256_once, sha256_load);
	if ((ctx = EVP_MD_CTX_new()) == NULL)
		log_panic("libcrypto: out of memory");
	return ctx;
}

static void
digest(EVP_MD_CTX *ctx, const void *prefix, size_t prefix_size, const struct mt_span *parts,
    size_t count, uint8_t out[HASH_SIZE])
{
	int ok = EVP_DigestInit_ex2(ctx, sha256, NULL) &&
	    EVP_DigestUpdate(ctx, prefix, prefix_size);

	for (size_t i = 0; ok && i < count; i++)
		ok = EVP_DigestUpdate(ctx, parts[i].ptr, parts[i].len);
	if (!ok || !EVP_DigestFinal_ex(ctx, out, NULL))
		log_panic("libcrypto: SHA-256 failed");
}

void
hash_sha256(const struct mt_span *parts, size_t count, uint8_t out[HASH_SIZE])
{
	EVP_MD_CTX *ctx = digest_new();

	digest(ctx, "", 0, parts, count, out);
	EVP_MD_CTX_free(ctx);
}

/* RFC 2104; the key is at most one block. */
static void
hmac(EVP_MD_CTX *ctx, struct mt_span key, const struct mt_span *parts, size_t count,
    uint8_t out[HASH_SIZE])
{
	uint8_t inner[BLOCK_SIZE], outer[BLOCK_SIZE], middle[HASH_SIZE];
	struct mt_span one = span_make(middle, sizeof(middle));

	if (key.len > BLOCK_SIZE)
		log_panic("HMAC key of %zu bytes", key.len);
	memset(inner, 0x36, sizeof(inner));
	memset(outer, 0x5c, sizeof(outer));
	for (size_t i = 0; i < key.len; i++) {
		inner[i] ^= (uint8_t)key.ptr[i];
		outer[i] ^= (uint8_t)key.ptr[i];
	}
	digest(ctx, inner, sizeof(inner), parts, count, middle);
	digest(ctx, outer, sizeof(outer), &one, 1, out);
	explicit_bzero(inner, sizeof(inner));
	explicit_bzero(outer, sizeof(outer));
}

void
hash_hmac(const uint8_t key[HASH_SIZE], const struct mt_span *parts, size_t count,
    uint8_t out[HASH_SIZE])
{
	EVP_MD_CTX *ctx = digest_new();

	hmac(ctx, span_make(key, HASH_SIZE), parts, count, out);
	EVP_MD_CTX_free(ctx);
}

void
hash_hkdf(const uint8_t key[HASH_SIZE], struct mt_span salt, struct mt_span info,
    uint8_t *out, size_t size)
{
	struct mt_span ikm = span_make(key, HASH_SIZE);
	EVP_MD_CTX *ctx = digest_new();
	uint8_t prk[HASH_SIZE], block[HASH_SIZE];
	size_t have = 0;

	if (size > HASH_HKDF_MAX)
		log_panic("HKDF of %zu bytes", size);
	hmac(ctx, salt, &ikm, 1, prk);
	for (uint8_t i = 1; have < size; i++) {
		struct mt_span parts[] = { span_make(block, i > 1 ? HASH_SIZE : 0), info,
			span_make(&i, 1) };
		size_t take = size - have < HASH_SIZE ? size - have : HASH_SIZE;

		hmac(ctx, span_make(prk, sizeof(prk)), parts, 3, block);
		memcpy(out + have, block, take);
		have += take;
	}
	EVP_MD_CTX_free(ctx);
	explicit_bzero(prk, sizeof(prk));
	explicit_bzero(block, sizeof(block));
}

/* The kernel's own: half of what libcrypto's cost, and nothing of them stays here. */
void
hash_random(void *p, size_t size)
{
	for (uint8_t *at = p; size > 0; ) {
		size_t part = size < ENTROPY_MAX ? size : ENTROPY_MAX;

		if (getentropy(at, part) != 0)
			log_panic("no random bytes: %s", strerror(errno));
		at += part;
		size -= part;
	}
}

void
hash_hex(const uint8_t *p, size_t size, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		*out++ = digits[p[i] >> 4];
		*out++ = digits[p[i] & 15];
	}
	*out = '\0';
}

static int
unhex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
hash_unhex(struct mt_span text, uint8_t *out, size_t size)
{
	if (text.len != 2 * size)
		return EBADMSG;
	for (size_t i = 0; i < size; i++) {
		int high = unhex_digit(text.ptr[2 * i]), low = unhex_digit(text.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return EBADMSG;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
hash_base64(struct buf *out, const void *p, size_t size)
{
	const uint8_t *in = p;

	for (; size > 0; in += 3) {
		uint32_t v = (uint32_t)in[0] << 16;

		if (size > 1)
			v |= (uint32_t)in[1] << 8;
		if (size > 2)
			v |= in[2];
		buf_add_char(out, base64[v >> 18]);
		buf_add_char(out, base64[v >> 12 & 63]);
		buf_add_char(out, size > 1 ? base64[v >> 6 & 63] : '=');
		buf_add_char(out, size > 2 ? base64[v & 63] : '=');
		size -= size < 3 ? size : 3;
	}
}

/* Value of four characters, of which `used' are not padding; -1: bad. */
static int32_t
unbase64_group(const char *p, size_t used)
{
	int32_t v = 0;

	for (size_t i = 0; i < 4; i++) {
		const char *at = i < used && p[i] != '\0' ? strchr(base64, p[i]) : NULL;

		if (i < used ? at == NULL : p[i] != '=')
			return -1;
		v = v << 6 | (i < used ? (int32_t)(at - base64) : 0);
	}
	if ((used == 2 && (v & 0xffff) != 0) || (used == 3 && (v & 0xff) != 0))
		return -1;	/* bits nobody reads must be zero: one form only */
	return v;
}

int
hash_unbase64(struct mt_span text, struct buf *out)
{
	size_t before = out->len;

	if (text.len % 4 != 0)
		return EBADMSG;
	for (size_t i = 0; i < text.len; i += 4) {
		const char *p = text.ptr + i;
		size_t used = i + 4 < text.len || p[3] != '=' ? 4 : p[2] != '=' ? 3 : 2;
		int32_t v = unbase64_group(p, used);

		if (v < 0) {
			out->len = before;
			return EBADMSG;
		}
		for (size_t k = 0; k + 1 < used; k++)
			buf_add_char(out, (char)(v >> (16 - 8 * k) & 255));
	}
	return 0;
}
