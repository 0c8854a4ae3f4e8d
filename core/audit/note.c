/* SPDX-License-Identifier: BSD-2-Clause */
/* Notes and verifier keys as text. */
#include "audit/note.h"

#include <errno.h>

#include <openssl/evp.h>

#include "base/utf8.h"

enum { KEY_ID_SIZE = 4 };

#define DASH "\xe2\x80\x94 "	/* U+2014 and a space begin a signature line */

static void
key_id(const struct note_key *key, enum note_type type, uint8_t out[KEY_ID_SIZE])
{
	uint8_t algorithm = (uint8_t)type;
	struct mt_span parts[] = { span_of(key->name), SPAN("\n"), span_make(&algorithm, 1),
		span_make(key->public_key, NOTE_KEY_SIZE) };
	uint8_t hash[HASH_SIZE];

	hash_sha256(parts, 4, hash);
	memcpy(out, hash, KEY_ID_SIZE);
}

void
note_key_format(const struct note_key *key, struct buf *out)
{
	uint8_t id[KEY_ID_SIZE], typed[1 + NOTE_KEY_SIZE] = { NOTE_ED25519 };
	char hex[2 * KEY_ID_SIZE + 1];

	key_id(key, NOTE_ED25519, id);
	hash_hex(id, sizeof(id), hex);
	memcpy(typed + 1, key->public_key, NOTE_KEY_SIZE);
	buf_printf(out, "%s+%s+", key->name, hex);
	hash_base64(out, typed, sizeof(typed));
}

int
note_key_parse(struct mt_span text, struct note_key *key)
{
	const char *plus = text.len > 0 ? memchr(text.ptr, '+', text.len) : NULL;
	struct buf raw = { 0 }, again = { 0 };
	size_t name = plus != NULL ? (size_t)(plus - text.ptr) : 0;
	size_t key_at = name + 1 + 2 * KEY_ID_SIZE + 1;
	int error = EBADMSG;

	if (name == 0 || name > NOTE_NAME_MAX || text.len < key_at)
		return EBADMSG;
	for (size_t i = 0; i < name; i++)
		if ((unsigned char)text.ptr[i] <= ' ')
			return EBADMSG;
	memcpy(key->name, text.ptr, name);
	key->name[name] = '\0';
	if (hash_unbase64(span_make(text.ptr + key_at, text.len - key_at), &raw) == 0 &&
	    raw.len == 1 + NOTE_KEY_SIZE) {
		memcpy(key->public_key, raw.p + 1, NOTE_KEY_SIZE);
		note_key_format(key, &again);
		error = span_equal(buf_span(&again), text) ? 0 : EBADMSG;
	}
	buf_free(&raw);
	buf_free(&again);
	return error;
}

/* One signature line, cut off *rest.  EBADMSG: it is not one. */
static int
line_next(struct mt_span *rest, struct mt_span *name, struct mt_span *payload)
{
	const char *end = memchr(rest->ptr, '\n', rest->len), *space;
	size_t dash = strlen(DASH);

	if (end == NULL || (size_t)(end - rest->ptr) < dash || memcmp(rest->ptr, DASH, dash) != 0)
		return EBADMSG;
	*name = span_make(rest->ptr + dash, (size_t)(end - rest->ptr) - dash);
	space = memchr(name->ptr, ' ', name->len);
	if (space == NULL || space == name->ptr || space + 1 == end)
		return EBADMSG;
	*payload = span_make(space + 1, (size_t)(end - space) - 1);
	name->len = (size_t)(space - name->ptr);
	rest->len -= (size_t)(end + 1 - rest->ptr);
	rest->ptr = end + 1;
	return payload->len > NOTE_PAYLOAD_MAX ? EBADMSG : 0;
}

/* Where the signature lines begin: behind the last empty line; 0: nowhere. */
static size_t
lines_at(struct mt_span note)
{
	for (size_t i = note.len; i >= 2; i--)
		if (note.ptr[i - 1] == '\n' && note.ptr[i - 2] == '\n')
			return i;
	return 0;
}

int
note_split(struct mt_span note, struct mt_span *text, struct mt_span *lines)
{
	struct mt_span rest, name, payload;
	size_t at;

	if (note.len > NOTE_MAX || !utf8_is_valid(note))
		return EBADMSG;
	for (size_t i = 0; i < note.len; i++)
		if ((unsigned char)note.ptr[i] < ' ' && note.ptr[i] != '\n')
			return EBADMSG;
	at = lines_at(note);
	if (at == 0 || at == note.len)
		return EBADMSG;
	*text = span_make(note.ptr, at - 1);
	*lines = rest = span_make(note.ptr + at, note.len - at);
	while (rest.len > 0)
		if (line_next(&rest, &name, &payload) != 0)
			return EBADMSG;
	return 0;
}

void
note_line_add(const struct note_key *key, enum note_type type, struct mt_span payload,
    struct buf *out)
{
	struct buf bytes = { 0 };
	uint8_t id[KEY_ID_SIZE];

	key_id(key, type, id);
	buf_add(&bytes, id, sizeof(id));
	buf_add(&bytes, payload.ptr, payload.len);
	buf_printf(out, DASH "%s ", key->name);
	hash_base64(out, bytes.p, bytes.len);
	buf_add_char(out, '\n');
	buf_free(&bytes);
}

int
note_line_find(struct mt_span lines, const struct note_key *key, enum note_type type,
    struct buf *payload)
{
	struct mt_span name, text;
	struct buf bytes = { 0 };
	uint8_t id[KEY_ID_SIZE];
	int error = EACCES;

	key_id(key, type, id);
	while (error == EACCES && lines.len > 0 && line_next(&lines, &name, &text) == 0) {
		buf_reset(&bytes);
		if (!span_is(name, key->name) || hash_unbase64(text, &bytes) != 0 ||
		    bytes.len < KEY_ID_SIZE || memcmp(bytes.p, id, KEY_ID_SIZE) != 0)
			continue;
		buf_add(payload, bytes.p + KEY_ID_SIZE, bytes.len - KEY_ID_SIZE);
		error = 0;
	}
	buf_free(&bytes);
	return error;
}

bool
note_is_signed(const struct note_key *key, struct mt_span text,
    const uint8_t signature[NOTE_SIGNATURE_SIZE])
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->public_key,
	    NOTE_KEY_SIZE);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = pkey != NULL && ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
	    EVP_DigestVerify(ctx, signature, NOTE_SIGNATURE_SIZE, (const unsigned char *)text.ptr,
	    text.len) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return ok;
}
