/* SPDX-License-Identifier: BSD-2-Clause */
/* Checkpoints as text.  There is one text for one checkpoint: what parses is
 * made again and compared. */
#include "audit/checkpoint.h"

#include <errno.h>
#include <inttypes.h>

#include "base/emit.h"

enum { TIME_SIZE = 8 };		/* in front of the second signature */

void
checkpoint_text(const struct note_key *key, const struct checkpoint *c, struct buf *out)
{
	buf_add_string(out, key->name);
	if (c->log > 1)
		buf_printf(out, "/%" PRIu64, c->log);
	buf_printf(out, "\n%" PRIu64 "\n", c->head.size);
	hash_base64(out, c->head.root, HASH_SIZE);
	buf_add_char(out, '\n');
}

void
checkpoint_timed(const struct note_key *key, const struct checkpoint *c, struct buf *out)
{
	buf_printf(out, "cosignature/v1\ntime %" PRId64 "\n", c->time_s);
	checkpoint_text(key, c, out);
}

void
checkpoint_note(const struct note_key *key, const struct checkpoint *c,
    const struct checkpoint_signatures *signatures, struct buf *out)
{
	uint8_t timed[TIME_SIZE + NOTE_SIGNATURE_SIZE];

	for (size_t i = 0; i < TIME_SIZE; i++)
		timed[i] = (uint8_t)((uint64_t)c->time_s >> (56 - 8 * i));
	memcpy(timed + TIME_SIZE, signatures->timed, NOTE_SIGNATURE_SIZE);
	checkpoint_text(key, c, out);
	buf_add_char(out, '\n');
	note_line_add(key, NOTE_ED25519, span_make(signatures->text, NOTE_SIGNATURE_SIZE), out);
	note_line_add(key, NOTE_COSIGNATURE, span_make(timed, sizeof(timed)), out);
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
parse_number(struct mt_span digits, uint64_t *out)
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
parse_root(struct mt_span text, uint8_t out[HASH_SIZE])
{
	struct buf raw = { 0 };
	int error = hash_unbase64(text, &raw) == 0 && raw.len == HASH_SIZE ? 0 : EBADMSG;

	if (error == 0)
		memcpy(out, raw.p, HASH_SIZE);
	buf_free(&raw);
	return error;
}

/* The origin without the key's name: nothing, or the number of a log. */
static int
parse_origin(const struct note_key *key, struct mt_span origin, uint64_t *log)
{
	size_t name = strlen(key->name);

	*log = 1;
	if (origin.len < name || memcmp(origin.ptr, key->name, name) != 0)
		return EACCES;
	if (origin.len == name)
		return 0;
	return origin.ptr[name] != '/' ? EACCES :
	    parse_number(span_make(origin.ptr + name + 1, origin.len - name - 1), log);
}

static int
parse_text(const struct note_key *key, struct mt_span text, struct checkpoint *c)
{
	struct mt_span rest = text, origin, size, root;
	struct buf again = { 0 };
	int error = EBADMSG;

	if (next_line(&rest, &origin) && next_line(&rest, &size) && next_line(&rest, &root))
		error = parse_origin(key, origin, &c->log);
	if (error == 0)
		error = parse_number(size, &c->head.size);
	if (error == 0)
		error = parse_root(root, c->head.root);
	if (error == 0) {
		checkpoint_text(key, c, &again);
		error = span_equal(buf_span(&again), text) ? 0 : EBADMSG;
	}
	buf_free(&again);
	return error;
}

/* The line that says when. */
static int
check_time(const struct note_key *key, struct mt_span lines, struct checkpoint *c)
{
	struct buf payload = { 0 }, text = { 0 };
	int error = note_line_find(lines, key, NOTE_COSIGNATURE, &payload);
	uint64_t time = 0;

	if (error == 0 && payload.len != TIME_SIZE + NOTE_SIGNATURE_SIZE)
		error = EBADMSG;
	for (size_t i = 0; error == 0 && i < TIME_SIZE; i++)
		time = time << 8 | payload.p[i];
	if (time > INT64_MAX)
		error = EBADMSG;
	c->time_s = (int64_t)time;
	if (error == 0) {
		checkpoint_timed(key, c, &text);
		error = note_is_signed(key, buf_span(&text), payload.p + TIME_SIZE) ? 0 : EACCES;
	}
	buf_free(&payload);
	buf_free(&text);
	return error;
}

int
checkpoint_verify(const struct note_key *key, struct mt_span note, struct checkpoint *c)
{
	struct mt_span text, lines;
	struct buf payload = { 0 };
	int error = note_split(note, &text, &lines);

	if (error == 0)
		error = parse_text(key, text, c);
	if (error == 0)
		error = note_line_find(lines, key, NOTE_ED25519, &payload);
	if (error == 0 && payload.len != NOTE_SIGNATURE_SIZE)
		error = EBADMSG;
	if (error == 0 && !note_is_signed(key, text, payload.p))
		error = EACCES;
	if (error == 0)
		error = check_time(key, lines, c);
	buf_free(&payload);
	return error;
}

void
checkpoint_line_format(struct mt_span note, struct buf *out)
{
	struct emit j = emit_of(out);

	emit_object(&j, NULL);
	emit_string(&j, "checkpoint", note);
	emit_end_object(&j);
}

int
checkpoint_line_parse(struct mt_span line, struct buf *note)
{
	static const char start[] = "{\"checkpoint\":\"", end[] = "\"}";
	size_t first = sizeof(start) - 1, last = line.len - (sizeof(end) - 1);
	struct buf again = { 0 };
	bool same;

	if (line.len > 2 * NOTE_MAX || line.len < first + sizeof(end) - 1)
		return EBADMSG;
	for (size_t i = first; i < last; i++) {
		bool newline = line.ptr[i] == '\\' && i + 1 < last && line.ptr[i + 1] == 'n';

		buf_add_char(note, newline ? '\n' : line.ptr[i]);
		i += newline;
	}
	checkpoint_line_format(buf_span(note), &again);
	same = span_equal(buf_span(&again), line);
	buf_free(&again);
	return same ? 0 : EBADMSG;
}
