/* SPDX-License-Identifier: BSD-2-Clause */
/* Signed heads and verifier keys as text.  There is one text for one head:
 * what parses is made again and compared. */
#include "audit/note.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include <openssl/evp.h>

#include "base/emit.h"
#include "base/log.h"

enum { KEY_ID_SIZE = 4, ED25519 = 0x01 };

#define DASH "\xe2\x80\x94 "	/* U+2014 and a space begin a signature line */

void
head_time(int64_t unix_s, char out[HEAD_TIME_SIZE])
{
	time_t t = (time_t)unix_s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, HEAD_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		log_panic("no such time");
}

static int
parse_time(struct mt_span text, int64_t *out)
{
	struct tm tm = { 0 };
	char copy[HEAD_TIME_SIZE];

	if (text.len == 0 || text.len >= sizeof(copy))
		return EBADMSG;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	if (sscanf(copy, "%4d-%2d-%2dT%2d:%2d:%2dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
	    &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return EBADMSG;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*out = (int64_t)timegm(&tm);
	return 0;
}

static void
key_id(const struct head_key *key, uint8_t out[KEY_ID_SIZE])
{
	static const uint8_t algorithm = ED25519;
	struct mt_span parts[] = { span_of(key->name), SPAN("\n"), span_make(&algorithm, 1),
		span_make(key->public_key, HEAD_KEY_SIZE) };
	uint8_t hash[HASH_SIZE];

	hash_sha256(parts, 4, hash);
	memcpy(out, hash, KEY_ID_SIZE);
}

void
head_key_format(const struct head_key *key, struct buf *out)
{
	uint8_t id[KEY_ID_SIZE], typed[1 + HEAD_KEY_SIZE] = { ED25519 };
	char hex[2 * KEY_ID_SIZE + 1];

	key_id(key, id);
	hash_hex(id, sizeof(id), hex);
	memcpy(typed + 1, key->public_key, HEAD_KEY_SIZE);
	buf_printf(out, "%s+%s+", key->name, hex);
	hash_base64(out, typed, sizeof(typed));
}

int
head_key_parse(struct mt_span text, struct head_key *key)
{
	const char *plus = text.len > 0 ? memchr(text.ptr, '+', text.len) : NULL;
	struct buf raw = { 0 }, again = { 0 };
	size_t name = plus != NULL ? (size_t)(plus - text.ptr) : 0;
	size_t key_at = name + 1 + 2 * KEY_ID_SIZE + 1;
	int error = EBADMSG;

	if (name == 0 || name > HEAD_NAME_MAX || text.len < key_at ||
	    memchr(text.ptr, ' ', name) != NULL || memchr(text.ptr, '\0', name) != NULL)
		return EBADMSG;
	memcpy(key->name, text.ptr, name);
	key->name[name] = '\0';
	if (hash_unbase64(span_make(text.ptr + key_at, text.len - key_at), &raw) == 0 &&
	    raw.len == 1 + HEAD_KEY_SIZE) {
		memcpy(key->public_key, raw.p + 1, HEAD_KEY_SIZE);
		head_key_format(key, &again);
		error = span_equal(buf_span(&again), text) ? 0 : EBADMSG;
	}
	buf_free(&raw);
	buf_free(&again);
	return error;
}

void
head_text(const struct head_key *key, const struct head *head, struct buf *out)
{
	char time[HEAD_TIME_SIZE];

	head_time(head->time_s, time);
	buf_printf(out, "%s/chain\n%" PRIu64 "\n", key->name, head->size);
	hash_base64(out, head->chain, HASH_SIZE);
	buf_printf(out, "\ntime %s\n", time);
}

void
head_note(const struct head_key *key, struct mt_span text,
    const uint8_t signature[HEAD_SIGNATURE_SIZE], struct buf *out)
{
	uint8_t signed_by[KEY_ID_SIZE + HEAD_SIGNATURE_SIZE];

	key_id(key, signed_by);
	memcpy(signed_by + KEY_ID_SIZE, signature, HEAD_SIGNATURE_SIZE);
	buf_add(out, text.ptr, text.len);
	buf_printf(out, "\n" DASH "%s ", key->name);
	hash_base64(out, signed_by, sizeof(signed_by));
	buf_add_char(out, '\n');
}

/* The next line without its end; false: there is none. */
static bool
next_line(struct mt_span *rest, struct mt_span *line)
{
	const char *end = rest->len > 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;

	if (end == NULL)
		return false;
	*line = span_make(rest->ptr, (size_t)(end - rest->ptr));
	*rest = span_make(end + 1, rest->len - line->len - 1);
	return true;
}

static int
parse_size(struct mt_span digits, uint64_t *out)
{
	*out = 0;
	if (digits.len == 0 || digits.len > 18)
		return EBADMSG;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return EBADMSG;
		*out = *out * 10 + (uint64_t)(digits.ptr[i] - '0');
	}
	return 0;
}

static int
parse_chain(struct mt_span text, uint8_t out[HASH_SIZE])
{
	struct buf raw = { 0 };
	int error = hash_unbase64(text, &raw) == 0 && raw.len == HASH_SIZE ? 0 : EBADMSG;

	if (error == 0)
		memcpy(out, raw.p, HASH_SIZE);
	buf_free(&raw);
	return error;
}

/* The four lines of the text; *rest is behind the empty line. */
static int
parse_text(struct mt_span *rest, struct head *head)
{
	struct mt_span origin, size, chain, time, empty;

	if (!next_line(rest, &origin) || !next_line(rest, &size) || !next_line(rest, &chain) ||
	    !next_line(rest, &time) || !next_line(rest, &empty) || empty.len != 0)
		return EBADMSG;
	if (time.len < 5 || memcmp(time.ptr, "time ", 5) != 0)
		return EBADMSG;
	if (parse_size(size, &head->size) != 0 || parse_chain(chain, head->chain) != 0)
		return EBADMSG;
	return parse_time(span_make(time.ptr + 5, time.len - 5), &head->time_s);
}

static bool
signature_fits(const struct head_key *key, struct mt_span text, const uint8_t *signature)
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->public_key,
	    HEAD_KEY_SIZE);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = pkey != NULL && ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
	    EVP_DigestVerify(ctx, signature, HEAD_SIGNATURE_SIZE, (const unsigned char *)text.ptr,
	    text.len) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return ok;
}

/* The signature line: its base64 is the only thing in it not known before. */
static int
parse_signature(const struct head_key *key, struct mt_span line, struct buf *out)
{
	size_t name = strlen(key->name), at = strlen(DASH) + name + 1;
	uint8_t id[KEY_ID_SIZE];

	if (line.len < at || memcmp(line.ptr, DASH, strlen(DASH)) != 0)
		return EBADMSG;
	if (memcmp(line.ptr + strlen(DASH), key->name, name) != 0 || line.ptr[at - 1] != ' ')
		return EACCES;
	if (hash_unbase64(span_make(line.ptr + at, line.len - at), out) != 0 ||
	    out->len != KEY_ID_SIZE + HEAD_SIGNATURE_SIZE)
		return EBADMSG;
	key_id(key, id);
	return memcmp(out->p, id, KEY_ID_SIZE) == 0 ? 0 : EACCES;
}

int
head_verify(const struct head_key *key, struct mt_span note, struct head *head)
{
	struct buf text = { 0 }, signature = { 0 };
	struct mt_span rest = note, line;
	int error = EBADMSG;

	if (note.len > HEAD_NOTE_MAX || parse_text(&rest, head) != 0 || !next_line(&rest, &line) ||
	    rest.len != 0)
		return EBADMSG;
	head_text(key, head, &text);
	if (note.len > text.len && memcmp(note.ptr, text.p, text.len) == 0)
		error = parse_signature(key, line, &signature);
	if (error == 0 && !signature_fits(key, buf_span(&text), signature.p + KEY_ID_SIZE))
		error = EACCES;
	buf_free(&text);
	buf_free(&signature);
	return error;
}

void
head_line_format(struct mt_span note, struct buf *out)
{
	struct emit j = emit_of(out);

	emit_object(&j, NULL);
	emit_string(&j, "head", note);
	emit_end_object(&j);
}

int
head_line_parse(struct mt_span line, struct buf *note)
{
	static const char start[] = "{\"head\":\"", end[] = "\"}";
	size_t first = sizeof(start) - 1, last = line.len - (sizeof(end) - 1);
	struct buf again = { 0 };
	bool same;

	if (line.len > 2 * HEAD_NOTE_MAX || line.len < first + sizeof(end) - 1)
		return EBADMSG;
	for (size_t i = first; i < last; i++) {
		bool newline = line.ptr[i] == '\\' && i + 1 < last && line.ptr[i + 1] == 'n';

		buf_add_char(note, newline ? '\n' : line.ptr[i]);
		i += newline;
	}
	head_line_format(buf_span(note), &again);
	same = span_equal(buf_span(&again), line);
	buf_free(&again);
	return same ? 0 : EBADMSG;
}
