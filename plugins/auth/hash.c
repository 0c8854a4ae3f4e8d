/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256; where it fails there is no memory, and then the process ends. */
#include <stdlib.h>

#include "hash.h"

static EVP_MD *sha256;
static EVP_MD_CTX *context;

EVP_MD_CTX *
hash_begin(void)
{
	if (sha256 == NULL)
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (context == NULL)
		context = EVP_MD_CTX_new();
	if (sha256 == NULL || context == NULL || EVP_DigestInit_ex(context, sha256, NULL) != 1)
		abort();
	return context;
}

void
hash_add(EVP_MD_CTX *c, struct mt_span s)
{
	if (EVP_DigestUpdate(c, s.ptr, s.len) != 1)
		abort();
}

void
hash_end(EVP_MD_CTX *c, unsigned char out[HASH_BYTES])
{
	if (EVP_DigestFinal_ex(c, out, NULL) != 1)
		abort();
}

void
hash_fini(void)
{
	EVP_MD_CTX_free(context);
	EVP_MD_free(sha256);
	context = NULL;
	sha256 = NULL;
}
