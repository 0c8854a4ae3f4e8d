/* SPDX-License-Identifier: BSD-2-Clause */
/* HMAC by libcrypto. */
#include "secret.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

enum { DIGEST_SIZE = 32, PREFIX_MAX = 128, ENCODED_MAX = (SECRET_BYTES_MAX + 2) / 3 * 4 };

static const char prefix[] = "whsec_";
static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    "0123456789+/";

/* Letters before the padding; libcrypto would take blanks and odd endings. */
static int
is_base64(struct mt_span s, size_t *padding)
{
	*padding = 0;
	while (*padding < 2 && *padding < s.len && s.ptr[s.len - 1 - *padding] == '=')
		++*padding;
	for (size_t i = 0; i < s.len - *padding; i++)
		if (s.ptr[i] == '\0' || strchr(digits, s.ptr[i]) == NULL)
			return 0;
	return s.len > 0 && s.len % 4 == 0;
}

int
secret_parse(struct mt_span s, struct secret *out)
{
	unsigned char decoded[ENCODED_MAX / 4 * 3];
	const size_t skip = sizeof(prefix) - 1;
	size_t padding;
	int n;

	if (s.len < skip || memcmp(s.ptr, prefix, skip) != 0)
		return EINVAL;
	s = (struct mt_span){ s.ptr + skip, s.len - skip };
	if (s.len > ENCODED_MAX || !is_base64(s, &padding))
		return EINVAL;
	n = EVP_DecodeBlock(decoded, (const unsigned char *)s.ptr, (int)s.len);
	out->len = n < 0 ? 0 : (size_t)n - padding;
	if (out->len >= SECRET_BYTES_MIN && out->len <= SECRET_BYTES_MAX)
		memcpy(out->bytes, decoded, out->len);
	OPENSSL_cleanse(decoded, sizeof(decoded));
	return out->len >= SECRET_BYTES_MIN && out->len <= SECRET_BYTES_MAX ? 0 : EINVAL;
}

void
secret_wipe(struct secret *s)
{
	OPENSSL_cleanse(s, sizeof(*s));
}

static int
mac_make(EVP_MAC_CTX *c, const struct secret *s, struct mt_span head, struct mt_span body,
    unsigned char out[DIGEST_SIZE])
{
	char name[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end()
	};
	size_t len;

	return EVP_MAC_init(c, s->bytes, s->len, params) == 1 &&
	    EVP_MAC_update(c, (const unsigned char *)head.ptr, head.len) == 1 &&
	    EVP_MAC_update(c, (const unsigned char *)body.ptr, body.len) == 1 &&
	    EVP_MAC_final(c, out, &len, DIGEST_SIZE) == 1 && len == DIGEST_SIZE;
}

int
secret_sign(const struct secret *s, const char *id, int64_t timestamp, struct mt_span body,
    char out[SIGNATURE_SIZE])
{
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *c = EVP_MAC_CTX_new(hmac);
	unsigned char mac[DIGEST_SIZE];
	char head[PREFIX_MAX];
	int made = snprintf(head, sizeof(head), "%s.%" PRId64 ".", id, timestamp);

	made = c != NULL && made > 0 && made < PREFIX_MAX &&
	    mac_make(c, s, (struct mt_span){ head, (size_t)made }, body, mac);
	EVP_MAC_CTX_free(c);
	EVP_MAC_free(hmac);
	if (!made)
		return ENOMEM;
	memcpy(out, "v1,", 3);
	EVP_EncodeBlock((unsigned char *)out + 3, mac, DIGEST_SIZE);
	return 0;
}
