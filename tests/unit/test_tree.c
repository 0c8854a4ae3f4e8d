/* SPDX-License-Identifier: BSD-2-Clause */
/* The Merkle tree against published vectors of RFC 6962 (leaves, roots and
 * proofs of the reference implementations), against its definition, and every
 * proof altered; names of tiles, bundles, notes, checkpoints, proof files. */
#include "test.h"

#include <errno.h>
#include <stdlib.h>

#include "audit/proof.h"
#include "audit/tile.h"

enum { VECTORS = 8, SIZE_MAX_TESTED = 70 };

static const struct mt_span leaves[VECTORS] = { SPAN(""), SPAN("\x00"), SPAN("\x10"),
	SPAN("\x20\x21"), SPAN("\x30\x31"), SPAN("\x40\x41\x42\x43"),
	SPAN("\x50\x51\x52\x53\x54\x55\x56\x57"),
	SPAN("\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f") };

static const char *const roots[VECTORS + 1] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" };

/* first == size: that index is in the tree of `size'. */
struct vector {
	uint64_t first, size;
	const char *path[4];
};
static const struct vector inclusions[] = {
	{ 0, 1, { NULL } },
	{ 0, 2, { "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7" } },
	{ 1, 2, { "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" } },
	{ 2, 3, { "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" } },
	{ 1, 5, { "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
	    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b" } },
	{ 0, 8, { "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
	    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
	    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4" } },
	{ 5, 8, { "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
	    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
	    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" } },
};
static const struct vector growths[] = {
	{ 1, 1, { NULL } },
	{ 1, 8, { "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
	    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
	    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4" } },
	{ 6, 8, { "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
	    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
	    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" } },
	{ 2, 5, { "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
	    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b" } },
};

static struct mt_span
leaf_at(uint64_t i)
{
	static char text[32];

	if (i < VECTORS)
		return leaves[i];
	return span_make(text, (size_t)snprintf(text, sizeof(text), "leaf %d", (int)i));
}

/* RFC 6962 section 2.1, word by word. */
static void
defined(uint64_t lo, uint64_t hi, uint8_t out[HASH_SIZE])
{
	uint8_t left[HASH_SIZE], right[HASH_SIZE];
	uint64_t k = 1;

	if (hi - lo == 1) {
		tree_leaf(leaf_at(lo), out);
		return;
	}
	while (2 * k < hi - lo)
		k *= 2;
	defined(lo, lo + k, left);
	defined(lo + k, hi, right);
	tree_node(left, right, out);
}

static int
from_definition(void *arg, unsigned level, uint64_t index, uint8_t out[HASH_SIZE])
{
	(void)arg;
	defined(index << level, (index + 1) << level, out);
	return 0;
}

static const struct tree_source source = { from_definition, NULL };

static struct tree_head
head_of(uint64_t size)
{
	struct tree_head head = { .size = size };
	struct tree t = { 0 };
	uint8_t hash[HASH_SIZE];

	for (uint64_t i = 0; i < size; i++) {
		tree_leaf(leaf_at(i), hash);
		tree_add(&t, hash);
	}
	tree_root(&t, head.root);
	return head;
}

static void
assert_hash(const uint8_t hash[HASH_SIZE], const char *hex)
{
	char text[2 * HASH_SIZE + 1];

	hash_hex(hash, HASH_SIZE, text);
	assert_string_equal(text, hex);
}

static void
assert_path(const struct tree_path *path, const struct vector *v)
{
	size_t n = 0;

	for (; n < 4 && v->path[n] != NULL; n++)
		assert_hash(path->hash[n], v->path[n]);
	assert_int_equal(path->count, n);
}

static void
test_vectors(void **state)
{
	struct tree_path path;

	(void)state;
	for (uint64_t n = 0; n <= VECTORS; n++) {
		struct tree_head head = head_of(n);

		assert_hash(head.root, roots[n]);
	}
	for (size_t i = 0; i < sizeof(inclusions) / sizeof(inclusions[0]); i++) {
		assert_int_equal(tree_prove_leaf(&source, inclusions[i].first, inclusions[i].size,
		    &path), 0);
		assert_path(&path, &inclusions[i]);
	}
	for (size_t i = 0; i < sizeof(growths) / sizeof(growths[0]); i++) {
		assert_int_equal(tree_prove_growth(&source, growths[i].first, growths[i].size,
		    &path), 0);
		assert_path(&path, &growths[i]);
	}
	assert_int_equal(tree_prove_leaf(&source, 5, 5, &path), EINVAL);
	assert_int_equal(tree_prove_growth(&source, 6, 5, &path), EINVAL);
}

static bool
leaf_shown(uint64_t index, const struct tree_head *head, const struct tree_path *path)
{
	uint8_t leaf[HASH_SIZE], root[HASH_SIZE];

	tree_leaf(leaf_at(index), leaf);
	return tree_path_root(leaf, index, head->size, path, root) == 0 &&
	    memcmp(root, head->root, HASH_SIZE) == 0;
}

/* Every index of every size; every hash altered, left out or added. */
static void
test_inclusion(void **state)
{
	struct tree_path path, bad;

	(void)state;
	for (uint64_t size = 1; size <= SIZE_MAX_TESTED; size++) {
		struct tree_head head = head_of(size);

		for (uint64_t i = 0; i < size; i++) {
			assert_int_equal(tree_prove_leaf(&source, i, size, &path), 0);
			assert_true(leaf_shown(i, &head, &path));
			assert_false(leaf_shown(size, &head, &path));
			assert_true(size == 1 || !leaf_shown(i == 0 ? 1 : i - 1, &head, &path));
			for (size_t k = 0; k < path.count; k++) {
				bad = path;
				bad.hash[k][k % HASH_SIZE] ^= 1;
				assert_false(leaf_shown(i, &head, &bad));
			}
			bad = path;
			bad.count++;
			memset(bad.hash[path.count], 0, HASH_SIZE);
			assert_false(leaf_shown(i, &head, &bad));
			bad.count -= 2;
			assert_true(path.count == 0 || !leaf_shown(i, &head, &bad));
		}
	}
}

static void
test_growth(void **state)
{
	struct tree_path path, bad;

	(void)state;
	for (uint64_t size = 0; size <= SIZE_MAX_TESTED; size++) {
		struct tree_head new = head_of(size), other = new;

		other.root[7] ^= 1;
		for (uint64_t n = 0; n <= size; n++) {
			struct tree_head old = head_of(n), wrong = old;

			wrong.root[3] ^= 1;
			assert_int_equal(tree_prove_growth(&source, n, size, &path), 0);
			assert_int_equal(tree_check_growth(&old, &new, &path), 0);
			assert_int_equal(tree_check_growth(&wrong, &new, &path), EBADMSG);
			if (n > 0)
				assert_int_equal(tree_check_growth(&old, &other, &path), EBADMSG);
			if (n < size)
				assert_int_equal(tree_check_growth(&new, &old, &path), EBADMSG);
			for (size_t k = 0; k < path.count; k++) {
				bad = path;
				bad.hash[k][k % HASH_SIZE] ^= 1;
				assert_int_equal(tree_check_growth(&old, &new, &bad), EBADMSG);
			}
			bad = path;
			bad.count++;
			memset(bad.hash[path.count], 0, HASH_SIZE);
			assert_int_equal(tree_check_growth(&old, &new, &bad), EBADMSG);
			bad.count -= 2;
			if (path.count > 0)
				assert_int_equal(tree_check_growth(&old, &new, &bad), EBADMSG);
		}
	}
}

/* The examples of C2SP tlog-tiles. */
static void
test_tiles(void **state)
{
	static const struct { struct tile tile; const char *path; } names[] = {
		{ { 0, 0, 256 }, "tile/0/000" }, { { 0, 1234067, 256 }, "tile/0/x001/x234/067" },
		{ { 1, 1000, 17 }, "tile/1/x001/000.p/17" }, { { TILE_ENTRIES, 999, 1 }, "tile/entries/999.p/1" },
		{ { 0, UINT64_MAX >> 8, 255 }, "tile/0/x072/x057/x594/x037/x927/935.p/255" } };
	static const struct { unsigned level; uint64_t index; unsigned width; } of70000[] = {
		{ 0, 0, 256 }, { 0, 272, 256 }, { 0, 273, 112 }, { 0, 274, 0 }, { 1, 0, 256 }, { 1, 1, 17 },
		{ 2, 0, 1 }, { 3, 0, 0 }, { TILE_ENTRIES, 273, 112 } };
	char path[TILE_PATH_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		tile_path(&names[i].tile, path);
		assert_string_equal(path, names[i].path);
	}
	for (size_t i = 0; i < sizeof(of70000) / sizeof(of70000[0]); i++)
		assert_int_equal(tile_of(70000, of70000[i].level, of70000[i].index).width,
		    of70000[i].width);
	assert_int_equal(tile_last(70000, 0).index, 273);
	assert_int_equal(tile_last(256, 0).width, 0);
	assert_int_equal(tile_last(256, 1).width, 1);
}

static void
test_entries(void **state)
{
	struct mt_span rest = SPAN("\0\3abc\0\0\0\1d"), leaf;

	(void)state;
	assert_true(tile_entry_next(&rest, &leaf) && span_is(leaf, "abc"));
	assert_true(tile_entry_next(&rest, &leaf) && leaf.len == 0);
	assert_true(tile_entry_next(&rest, &leaf) && span_is(leaf, "d"));
	assert_false(tile_entry_next(&rest, &leaf));
	assert_int_equal(rest.len, 0);
	rest = SPAN("\0\4abc");
	assert_false(tile_entry_next(&rest, &leaf));
	assert_int_equal(rest.len, 5);
}

/* The example of C2SP signed-note, made by others. */
static void
test_note(void **state)
{
	static const char note[] = "This is an example message.\n\n"
	    "\xe2\x80\x94 example.com/foo LLR+NGq1sBKAnTIU6NYIhzVMoAMFM2r24bO2WDkBmfEw9fl0YZRkcpbpzR"
	    "VT0XMMr4mPXLIcWUcCAezHr13ZbLpcUg4=\n";
	struct mt_span text, lines;

	(void)state;
	assert_int_equal(note_split(span_of(note), &text, &lines), 0);
	assert_true(span_is(text, "This is an example message.\n"));
	assert_int_equal(note_split(SPAN("a\n\n"), &text, &lines), EBADMSG);
	assert_int_equal(note_split(SPAN("a\n\nb\n"), &text, &lines), EBADMSG);
	assert_int_equal(note_split(SPAN("a\1\n\n\xe2\x80\x94 a AAAA\n"), &text, &lines), EBADMSG);
	assert_int_equal(note_split(SPAN("\xff\n\n\xe2\x80\x94 a AAAA\n"), &text, &lines), EBADMSG);
	assert_int_equal(note_split(SPAN("a\n\n\xe2\x80\x94 a AAAA"), &text, &lines), EBADMSG);
	assert_int_equal(note_split(SPAN("a\n\nb\n\n\xe2\x80\x94 a AAAA\n"), &text, &lines), 0);
	assert_true(span_is(text, "a\n\nb\n"));
}

/* A note may be as long as NOTE_MAX, a signature as NOTE_PAYLOAD_MAX. */
static void
test_note_limits(void **state)
{
	struct buf note = { 0 };
	struct mt_span text, lines;
	char *a = malloc(NOTE_MAX);

	(void)state;
	memset(a, 'a', NOTE_MAX);
	buf_printf(&note, "text\n\n\xe2\x80\x94 name ");
	buf_add(&note, a, NOTE_PAYLOAD_MAX);
	buf_add_char(&note, '\n');
	assert_int_equal(note_split(buf_span(&note), &text, &lines), 0);
	note.p[note.len - 1] = 'a';
	buf_add_char(&note, '\n');
	assert_int_equal(note_split(buf_span(&note), &text, &lines), EBADMSG);
	buf_reset(&note);
	buf_add(&note, a, NOTE_MAX - 16);
	buf_printf(&note, "\n\n\xe2\x80\x94 name AAAA\n");
	assert_int_equal(note.len, NOTE_MAX);
	assert_int_equal(note_split(buf_span(&note), &text, &lines), 0);
	buf_reset(&note);
	buf_add(&note, a, NOTE_MAX - 15);
	buf_printf(&note, "\n\n\xe2\x80\x94 name AAAA\n");
	assert_int_equal(note_split(buf_span(&note), &text, &lines), EBADMSG);
	buf_free(&note);
	free(a);
}

static void
test_proof_text(void **state)
{
	struct proof p = { .index = 4, .note = SPAN("the checkpoint\n") }, read;
	struct buf text = { 0 };

	(void)state;
	buf_add_string(&p.leaf, "{\"seq\":4}");
	p.path.count = TREE_PATH_MAX;
	proof_format(&p, &text);
	assert_int_equal(proof_parse(buf_span(&text), &read), 0);
	assert_int_equal(read.index, 4);
	assert_int_equal(read.path.count, TREE_PATH_MAX);
	assert_true(span_equal(buf_span(&read.leaf), buf_span(&p.leaf)));
	assert_true(span_is(read.note, "the checkpoint\n"));
	proof_fini(&read);
	for (size_t i = 0; i < text.len - strlen("the checkpoint\n"); i++)
		assert_int_equal(proof_parse(span_make(text.p, i), &read), EBADMSG);
	buf_reset(&text);
	p.path.count = 1;
	proof_format(&p, &text);
	text.p[text.len - strlen("\nthe checkpoint\n") - 1] = 'x';	/* no hash */
	assert_int_equal(proof_parse(buf_span(&text), &read), EBADMSG);
	assert_int_equal(proof_parse(SPAN("c2sp.org/tlog-proof@v1\nextra AAAA\nindex 007\n\nx"), &read), EBADMSG);
	proof_fini(&p);
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors), cmocka_unit_test(test_inclusion),
		cmocka_unit_test(test_growth), cmocka_unit_test(test_tiles),
		cmocka_unit_test(test_entries), cmocka_unit_test(test_note),
		cmocka_unit_test(test_note_limits), cmocka_unit_test(test_proof_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
