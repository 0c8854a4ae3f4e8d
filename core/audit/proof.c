/* SPDX-License-Identifier: BSD-2-Clause */
/* Proof files: what parses is made again and compared, so one proof has one
 * text. */
#include "audit/proof.h"

#include <errno.h>
#include <inttypes.h>

#define FIRST_LINE "c2sp.org/tlog-proof@v1"

void
proof_fini(struct proof *p)
{
	buf_free(&p->leaf);
}

void
proof_format(const struct proof *p, struct buf *out)
{
	buf_add_string(out, FIRST_LINE "\nextra ");
	hash_base64(out, p->leaf.p, p->leaf.len);
	buf_printf(out, "\nindex %" PRIu64 "\n", p->index);
	for (size_t i = 0; i < p->path.count; i++) {
		hash_base64(out, p->path.hash[i], HASH_SIZE);
		buf_add_char(out, '\n');
	}
	buf_add_char(out, '\n');
	buf_add(out, p->note.ptr, p->note.len);
}

/* The next line, which begins with these words; *line is what follows them. */
static bool
line_with(struct mt_span *rest, const char *words, struct mt_span *line)
{
	const char *end = rest->len > 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;
	size_t skip = strlen(words);

	if (end == NULL || (size_t)(end - rest->ptr) < skip || memcmp(rest->ptr, words, skip) != 0)
		return false;
	*line = span_make(rest->ptr + skip, (size_t)(end - rest->ptr) - skip);
	*rest = span_make(end + 1, rest->len - (size_t)(end + 1 - rest->ptr));
	return true;
}

static bool
parse_index(struct mt_span digits, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.len > 18 || digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(digits.ptr[i] - '0');
	}
	return digits.len > 0;
}

/* Hashes up to the empty line, which is eaten. */
static bool
parse_path(struct mt_span *rest, struct tree_path *path)
{
	struct buf raw = { 0 };
	struct mt_span line;
	bool fits;

	path->count = 0;
	while ((fits = line_with(rest, "", &line)) && line.len > 0) {
		buf_reset(&raw);
		fits = path->count < TREE_PATH_MAX && hash_unbase64(line, &raw) == 0 &&
		    raw.len == HASH_SIZE;
		if (!fits)
			break;
		memcpy(path->hash[path->count++], raw.p, HASH_SIZE);
	}
	buf_free(&raw);
	return fits;
}

int
proof_parse(struct mt_span text, struct proof *p)
{
	struct mt_span rest = text, line;
	struct buf again = { 0 };
	bool fits;

	memset(p, 0, sizeof(*p));
	fits = text.len <= PROOF_MAX && line_with(&rest, FIRST_LINE, &line) && line.len == 0 &&
	    line_with(&rest, "extra ", &line) && hash_unbase64(line, &p->leaf) == 0 &&
	    line_with(&rest, "index ", &line) && parse_index(line, &p->index) &&
	    parse_path(&rest, &p->path);
	p->note = rest;
	if (fits) {
		proof_format(p, &again);
		fits = span_equal(buf_span(&again), text);
	}
	buf_free(&again);
	if (!fits)
		proof_fini(p);
	return fits ? 0 : EBADMSG;
}

int
proof_verify(const struct proof *p, const struct note_key *key, struct checkpoint *c)
{
	uint8_t leaf[HASH_SIZE], root[HASH_SIZE];
	int error = checkpoint_verify(key, p->note, c);

	if (error != 0)
		return error;
	tree_leaf(buf_span(&p->leaf), leaf);
	if (tree_path_root(leaf, p->index, c->head.size, &p->path, root) != 0)
		return EBADMSG;
	return memcmp(root, c->head.root, HASH_SIZE) == 0 ? 0 : EBADMSG;
}
