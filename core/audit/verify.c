/* SPDX-License-Identifier: BSD-2-Clause */
/* The offline verifier: one pass, nothing believed before the end. */
#include "audit/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/leaf.h"
#include "base/arena.h"

struct verifier {
	struct note_key key;
	struct checkpoint seen;
	bool has_seen, met_seen, has_checkpoint;
	struct tree tree;
	struct buf leaf;	/* the last one, for its opening */
	bool may_open;		/* the line before was a leaf */
	struct verify_result result;
	uint64_t line;
};

static void __attribute__((format(printf, 2, 3)))
broken(struct verifier *v, const char *fmt, ...)
{
	va_list ap;

	if (v->result.status != VERIFY_INTACT)
		return;		/* the first place is the one to look at */
	v->result.status = VERIFY_ALTERED;
	v->result.line = v->line;
	va_start(ap, fmt);
	vsnprintf(v->result.why, sizeof(v->result.why), fmt, ap);
	va_end(ap);
}

static void
check_seen(struct verifier *v)
{
	uint8_t root[HASH_SIZE];

	if (!v->has_seen || v->result.records != v->seen.head.size)
		return;
	v->met_seen = true;
	tree_root(&v->tree, root);
	if (memcmp(root, v->seen.head.root, HASH_SIZE) != 0)
		broken(v, "the first %" PRIu64 " records are not those of the checkpoint seen before",
		    v->seen.head.size);
}

struct verifier *
verifier_new(const struct note_key *key, const struct checkpoint *seen)
{
	struct verifier *v = xcalloc(1, sizeof(*v));

	v->key = *key;
	if (seen != NULL) {
		v->seen = *seen;
		v->has_seen = true;
	}
	check_seen(v);
	return v;
}

static bool
starts_with(struct mt_span s, const char *with)
{
	size_t n = strlen(with);

	return s.len >= n && memcmp(s.ptr, with, n) == 0;
}

/* A string of a leaf cannot hold an unescaped quote, so this text can only
 * be the member itself. */
static bool
has_number(struct mt_span leaf, uint64_t seq)
{
	char text[64];
	int n = snprintf(text, sizeof(text), ",\"seq\":%" PRIu64 ",\"timestamp\":\"", seq);

	return memmem(leaf.ptr, leaf.len, text, (size_t)n) != NULL;
}

static void
take_leaf(struct verifier *v, struct mt_span line)
{
	uint8_t hash[HASH_SIZE];

	if (line.len > JOURNAL_LEAF_MAX)
		broken(v, "a record of %zu bytes, more than any has", line.len);
	if (!has_number(line, v->result.records))
		broken(v, "this is not record %" PRIu64 ": one was left out, added or moved",
		    v->result.records);
	tree_leaf(line, hash);
	tree_add(&v->tree, hash);
	v->result.records++;
	buf_reset(&v->leaf);
	buf_add(&v->leaf, line.ptr, line.len);
	v->may_open = true;
	check_seen(v);
}

/* Strict reading: exactly what export_opening() writes. */
struct scan {
	struct mt_span rest;
	bool bad;
};

static void
scan_literal(struct scan *s, const char *literal)
{
	if (!starts_with(s->rest, literal)) {
		s->bad = true;
		return;
	}
	s->rest.ptr += strlen(literal);
	s->rest.len -= strlen(literal);
}

/* Up to the next quote, which is eaten. */
static struct mt_span
scan_string(struct scan *s)
{
	const char *end = s->bad || s->rest.len == 0 ? NULL : memchr(s->rest.ptr, '"', s->rest.len);
	struct mt_span out;

	if (end == NULL) {
		s->bad = true;
		return span_make("", 0);
	}
	out = span_make(s->rest.ptr, (size_t)(end - s->rest.ptr));
	s->rest.ptr += out.len + 1;
	s->rest.len -= out.len + 1;
	return out;
}

/* "name":["salt","value"] against the leaf before it. */
static bool
field_fits(struct verifier *v, struct scan *s)
{
	struct audit_value value;
	struct buf bytes = { 0 };
	char quoted[80];
	size_t length;
	struct mt_span salt, text;
	bool fits = false;

	scan_literal(s, "\"");
	value.name = scan_string(s);
	scan_literal(s, ":[\"");
	salt = scan_string(s);
	scan_literal(s, ",\"");
	text = scan_string(s);
	scan_literal(s, "]");
	if (!s->bad && hash_unhex(salt, value.salt, AUDIT_SALT_SIZE) == 0 &&
	    hash_unbase64(text, &bytes) == 0) {
		value.value = buf_span(&bytes);
		quoted[0] = '"';
		audit_commitment(&value, quoted + 1);
		length = strlen(quoted);
		quoted[length++] = '"';
		fits = memmem(v->leaf.p, v->leaf.len, quoted, length) != NULL;
	}
	buf_wipe(&bytes);
	return fits;
}

static void
take_opening(struct verifier *v, struct mt_span line)
{
	struct scan s = { .rest = line };
	char end[48];
	bool fits = v->may_open;

	scan_literal(&s, "{\"open\":{\"fields\":{");
	while (fits && !s.bad) {
		fits = field_fits(v, &s);
		if (!starts_with(s.rest, ","))
			break;
		scan_literal(&s, ",");
	}
	snprintf(end, sizeof(end), "},\"seq\":%" PRIu64 "}}", v->result.records - 1);
	scan_literal(&s, end);
	if (!fits || s.bad || s.rest.len != 0)
		broken(v, "the personal values shown here are not those of record %" PRIu64,
		    v->result.records - 1);
	v->result.openings++;
	v->may_open = false;
}

static void
take_checkpoint(struct verifier *v, struct mt_span line)
{
	const struct tree_head *head = &v->result.checkpoint.head;
	uint8_t root[HASH_SIZE];
	struct buf note = { 0 };
	int error = checkpoint_line_parse(line, &note);

	if (error == 0)
		error = checkpoint_verify(&v->key, buf_span(&note), &v->result.checkpoint);
	buf_free(&note);
	v->has_checkpoint = true;
	v->may_open = false;
	tree_root(&v->tree, root);
	if (error == EACCES)
		broken(v, "the checkpoint is not signed by this key");
	else if (error != 0)
		broken(v, "the checkpoint is damaged");
	else if (head->size != v->result.records)
		broken(v, "the checkpoint is signed for %" PRIu64 " records, here are %" PRIu64,
		    head->size, v->result.records);
	else if (memcmp(head->root, root, HASH_SIZE) != 0)
		broken(v, "a record was altered: the records do not lead to the signed root");
}

void
verifier_line(struct verifier *v, struct mt_span line)
{
	v->line++;
	if (v->result.status != VERIFY_INTACT)
		return;
	if (v->has_checkpoint)
		broken(v, "there is something behind the checkpoint");
	else if (line.len > VERIFY_LINE_MAX)
		broken(v, "a line of %zu bytes, more than any has", line.len);
	else if (starts_with(line, "{\"action\":"))
		take_leaf(v, line);
	else if (starts_with(line, "{\"open\":"))
		take_opening(v, line);
	else if (starts_with(line, "{\"checkpoint\":"))
		take_checkpoint(v, line);
	else
		broken(v, "this line is neither a record nor a checkpoint");
}

void
verifier_finish(struct verifier *v, bool complete, struct verify_result *out)
{
	if (!v->has_checkpoint)
		broken(v, "cut: the checkpoint at the end is missing");
	if (!complete)
		broken(v, "cut: the last line has no end");
	if (v->result.status == VERIFY_INTACT && v->has_seen && !v->met_seen) {
		v->result.status = VERIFY_STALE;
		snprintf(v->result.why, sizeof(v->result.why), "%" PRIu64 " records, but a "
		    "checkpoint seen before was signed for %" PRIu64, v->result.records,
		    v->seen.head.size);
	}
	*out = v->result;
	buf_wipe(&v->leaf);
	free(v);
}

int
audit_verify_file(const char *path, const struct note_key *key, const struct checkpoint *seen,
    struct verify_result *result)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	bool complete = false;
	struct verifier *v;
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int error;

	if (f == NULL)
		return errno;
	v = verifier_new(key, seen);
	while ((n = getline(&line, &size, f)) > 0) {
		complete = line[n - 1] == '\n';
		verifier_line(v, span_make(line, (size_t)n - complete));
	}
	error = ferror(f) ? EIO : 0;
	verifier_finish(v, complete, result);
	free(line);
	if (f != stdin)
		fclose(f);
	return error;
}
