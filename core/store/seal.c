/* SPDX-License-Identifier: BSD-2-Clause */
/* Sealing and opening: AES-256-GCM in STREAM chunks, committed to its key. */
#include "store/seal.h"

#include <errno.h>
#include <pthread.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/log.h"

enum {
	FORMAT = 1, AES_256_GCM = 1,
	SALT_AT = 8, SALT_SIZE = 32, COMMIT_AT = SALT_AT + SALT_SIZE, COMMIT_SIZE = 32,
	PREFIX_SIZE = 7, NONCE_SIZE = 12,
	SEALED_CHUNK = SEAL_CHUNK_SIZE + SEAL_TAG_SIZE
};
_Static_assert(COMMIT_AT + COMMIT_SIZE == SEAL_HEADER_SIZE, "header");

/* What HKDF gives, in its order. */
struct derived {
	uint8_t key[SEAL_KEY_SIZE], commitment[COMMIT_SIZE], prefix[PREFIX_SIZE];
};
_Static_assert(sizeof(struct derived) == SEAL_KEY_SIZE + COMMIT_SIZE + PREFIX_SIZE, "no holes");

/* One stream of chunks, either way. */
struct stream {
	EVP_CIPHER_CTX *ctx;
	uint8_t prefix[PREFIX_SIZE];
	uint8_t data[SEAL_HEADER_SIZE + 16 + SEAL_EVENT_MAX];	/* additional data */
	size_t data_size;
	uint32_t counter;
	bool sealing;
};

static EVP_CIPHER *aes;
static pthread_once_t aes_once = PTHREAD_ONCE_INIT;

static void
aes_load(void)
{
	aes = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (aes == NULL)
		log_panic("libcrypto has no AES-256-GCM");
}

static void
derive(const struct slot *slot, const uint8_t *header, struct mt_span event, struct derived *d)
{
	struct buf info = { 0 };

	buf_add_string(&info, "mailtri/seal/v1");
	buf_add(&info, header + 1, 2);	/* algorithm, kind */
	buf_add(&info, event.ptr, event.len);
	hash_hkdf(slot->key, span_make(header + SALT_AT, SALT_SIZE), buf_span(&info),
	    (uint8_t *)d, sizeof(*d));
	buf_free(&info);
}

static void
put_u64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static void
stream_init(struct stream *s, const struct slot *slot, const uint8_t *header,
    struct mt_span event)
{
	memcpy(s->data, header, SEAL_HEADER_SIZE);
	put_u64(s->data + SEAL_HEADER_SIZE, slot->number);
	put_u64(s->data + SEAL_HEADER_SIZE + 8, slot->generation);
	memcpy(s->data + SEAL_HEADER_SIZE + 16, event.ptr, event.len);
	s->data_size = SEAL_HEADER_SIZE + 16 + event.len;
	s->counter = 0;
}

static void
stream_key(struct stream *s, const struct derived *d)
{
	pthread_once(&aes_once, aes_load);
	memcpy(s->prefix, d->prefix, PREFIX_SIZE);
	s->ctx = EVP_CIPHER_CTX_new();
	if (s->ctx == NULL || !EVP_CipherInit_ex2(s->ctx, aes, d->key, NULL, s->sealing, NULL))
		log_panic("libcrypto: AES-256-GCM failed");
}

/* One chunk of `size' plaintext bytes.  False: the tag does not fit. */
static bool
stream_chunk(struct stream *s, const uint8_t *in, size_t size, uint8_t *out, uint8_t *tag,
    bool last)
{
	uint8_t nonce[NONCE_SIZE];
	int n, rest;

	memcpy(nonce, s->prefix, PREFIX_SIZE);
	for (int i = 0; i < 4; i++)
		nonce[PREFIX_SIZE + i] = (uint8_t)(s->counter >> (24 - 8 * i));
	nonce[NONCE_SIZE - 1] = last;
	s->counter++;
	if (!EVP_CipherInit_ex2(s->ctx, NULL, NULL, nonce, s->sealing, NULL) ||
	    !EVP_CipherUpdate(s->ctx, NULL, &n, s->data, (int)s->data_size) ||
	    !EVP_CipherUpdate(s->ctx, out, &n, in, (int)size))
		log_panic("libcrypto: AES-256-GCM failed");
	if (!s->sealing &&
	    !EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_SIZE, tag))
		log_panic("libcrypto: AES-256-GCM failed");
	if (!EVP_CipherFinal_ex(s->ctx, out + n, &rest))
		return false;
	return !s->sealing ||
	    EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_SIZE, tag);
}

static size_t
chunk_count(size_t plain)
{
	return plain == 0 ? 1 : (plain - 1) / SEAL_CHUNK_SIZE + 1;
}

size_t
seal_size(size_t plain)
{
	return SEAL_HEADER_SIZE + plain + chunk_count(plain) * SEAL_TAG_SIZE;
}

void
seal_close(const struct slot *slot, enum seal_kind kind, struct mt_span event,
    struct mt_span plain, struct buf *out)
{
	struct stream s = { .sealing = true };
	struct derived d;
	uint8_t *header;

	if (event.len > SEAL_EVENT_MAX)
		log_panic("event id of %zu bytes", event.len);
	if (plain.ptr == NULL)
		plain = SPAN("");
	buf_reserve(out, seal_size(plain.len));
	header = out->p + out->len;
	memset(header, 0, SALT_AT);
	header[0] = FORMAT;
	header[1] = AES_256_GCM;
	header[2] = (uint8_t)kind;
	header[6] = SEAL_CHUNK_SIZE >> 16;	/* u32 at 4, little-endian */
	hash_random(header + SALT_AT, SALT_SIZE);
	derive(slot, header, event, &d);
	memcpy(header + COMMIT_AT, d.commitment, COMMIT_SIZE);
	out->len += SEAL_HEADER_SIZE;

	stream_init(&s, slot, header, event);
	stream_key(&s, &d);
	for (size_t i = chunk_count(plain.len), at = 0; i > 0; i--) {
		size_t size = i > 1 ? SEAL_CHUNK_SIZE : plain.len - at;
		uint8_t *to = out->p + out->len;

		if (!stream_chunk(&s, (const uint8_t *)plain.ptr + at, size, to, to + size, i == 1))
			log_panic("libcrypto: AES-256-GCM failed");
		out->len += size + SEAL_TAG_SIZE;
		at += size;
	}
	EVP_CIPHER_CTX_free(s.ctx);
	explicit_bzero(&d, sizeof(d));
}

/* The header fits the key: version, algorithm, kind, chunk size, commitment. */
static bool
header_fits(const uint8_t *header, enum seal_kind kind, const struct derived *d)
{
	const uint8_t expected[SALT_AT] = { FORMAT, AES_256_GCM, (uint8_t)kind, 0, 0, 0,
		SEAL_CHUNK_SIZE >> 16, 0 };

	return memcmp(header, expected, sizeof(expected)) == 0 &&
	    CRYPTO_memcmp(header + COMMIT_AT, d->commitment, COMMIT_SIZE) == 0;
}

static bool
open_chunks(struct stream *s, const uint8_t *in, size_t left, struct buf *out)
{
	while (left > 0) {
		size_t sealed = left > SEALED_CHUNK ? SEALED_CHUNK : left, size;
		uint8_t tag[SEAL_TAG_SIZE];

		if (sealed < SEAL_TAG_SIZE)
			return false;
		size = sealed - SEAL_TAG_SIZE;
		if (size == 0 && s->counter > 0)
			return false;	/* seal_close() makes no such chunk */
		memcpy(tag, in + size, sizeof(tag));
		if (!stream_chunk(s, in, size, out->p + out->len, tag, sealed == left))
			return false;
		out->len += size;
		in += sealed;
		left -= sealed;
	}
	return true;
}

int
seal_open(const struct slot *slot, enum seal_kind kind, struct mt_span event,
    struct mt_span sealed, struct buf *out)
{
	const uint8_t *in = (const uint8_t *)sealed.ptr;
	struct stream s = { .sealing = false };
	size_t before = out->len;
	struct derived d;
	bool ok;

	if (sealed.len < SEAL_HEADER_SIZE + SEAL_TAG_SIZE || event.len > SEAL_EVENT_MAX)
		return EBADMSG;
	derive(slot, in, event, &d);
	ok = header_fits(in, kind, &d);
	if (ok) {
		stream_init(&s, slot, in, event);
		stream_key(&s, &d);
		buf_reserve(out, sealed.len);
		ok = open_chunks(&s, in + SEAL_HEADER_SIZE, sealed.len - SEAL_HEADER_SIZE, out);
		EVP_CIPHER_CTX_free(s.ctx);
	}
	explicit_bzero(&d, sizeof(d));
	if (ok)
		return 0;
	if (out->len > before)
		explicit_bzero(out->p + before, out->len - before);
	out->len = before;
	return EBADMSG;
}
