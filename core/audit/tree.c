/* SPDX-License-Identifier: BSD-2-Clause */
/* Hashing, growing, proving and checking. */
#include "audit/tree.h"

#include <errno.h>

#include "base/log.h"

void
tree_leaf(struct mt_span leaf, uint8_t out[HASH_SIZE])
{
	struct mt_span parts[] = { span_make("\0", 1), leaf };

	hash_sha256(parts, 2, out);
}

void
tree_node(const uint8_t left[HASH_SIZE], const uint8_t right[HASH_SIZE], uint8_t out[HASH_SIZE])
{
	struct mt_span parts[] = { span_make("\1", 1), span_make(left, HASH_SIZE),
		span_make(right, HASH_SIZE) };

	hash_sha256(parts, 3, out);
}

static unsigned
bits(uint64_t size)
{
	return (unsigned)__builtin_popcountll(size);
}

/* Two complete neighbours of one size become one of the next: as often as
 * counting carries. */
void
tree_add(struct tree *t, const uint8_t leaf_hash[HASH_SIZE])
{
	unsigned count = bits(t->size);

	if (t->size >= (uint64_t)1 << (TREE_LEVELS - 1))
		log_panic("an audit log of 2^%d records", TREE_LEVELS - 1);
	memcpy(t->node[count], leaf_hash, HASH_SIZE);
	for (uint64_t carry = t->size; carry & 1; carry >>= 1, count--)
		tree_node(t->node[count - 1], t->node[count], t->node[count - 1]);
	t->size++;
}

void
tree_root(const struct tree *t, uint8_t out[HASH_SIZE])
{
	unsigned count = bits(t->size);

	if (count == 0) {
		hash_sha256(NULL, 0, out);
		return;
	}
	memcpy(out, t->node[count - 1], HASH_SIZE);
	for (unsigned i = count - 1; i > 0; i--)
		tree_node(t->node[i - 1], out, out);
}

/* The level of the largest complete subtree of at most n leaves; n > 0. */
static unsigned
level_of(uint64_t n)
{
	return 63 - (unsigned)__builtin_clzll(n);
}

/* The hash of the leaves from lo up to hi, as a tree of their own; lo is
 * where such a tree begins in a larger one. */
static int
range_hash(const struct tree_source *source, uint64_t lo, uint64_t hi, uint8_t out[HASH_SIZE])
{
	uint8_t node[TREE_LEVELS][HASH_SIZE];
	size_t count = 0;

	while (lo < hi) {
		unsigned level = level_of(hi - lo);
		int error = source->node(source->arg, level, lo >> level, node[count++]);

		if (error != 0)
			return error;
		lo += (uint64_t)1 << level;
	}
	if (count == 0)
		return EINVAL;
	memcpy(out, node[--count], HASH_SIZE);
	while (count-- > 0)
		tree_node(node[count], out, out);
	return 0;
}

int
tree_source_root(const struct tree_source *source, uint64_t size, uint8_t out[HASH_SIZE])
{
	if (size > 0)
		return range_hash(source, 0, size, out);
	hash_sha256(NULL, 0, out);
	return 0;
}

/* Paths are found from the root down and written from the leaf up. */
static void
turn(struct tree_path *path)
{
	for (size_t i = 0; i < path->count / 2; i++) {
		uint8_t *a = path->hash[i], *b = path->hash[path->count - 1 - i], kept[HASH_SIZE];

		memcpy(kept, a, HASH_SIZE);
		memcpy(a, b, HASH_SIZE);
		memcpy(b, kept, HASH_SIZE);
	}
}

int
tree_prove_leaf(const struct tree_source *source, uint64_t index, uint64_t size,
    struct tree_path *path)
{
	uint64_t lo = 0, hi = size;
	int error = 0;

	path->count = 0;
	if (index >= size)
		return EINVAL;
	while (error == 0 && hi - lo > 1) {
		uint64_t middle = lo + ((uint64_t)1 << level_of(hi - lo - 1));

		if (index < middle) {
			error = range_hash(source, middle, hi, path->hash[path->count++]);
			hi = middle;
		} else {
			error = range_hash(source, lo, middle, path->hash[path->count++]);
			lo = middle;
		}
	}
	turn(path);
	return error;
}

int
tree_prove_growth(const struct tree_source *source, uint64_t old, uint64_t new,
    struct tree_path *path)
{
	uint64_t lo = 0, hi = new;
	int error = 0;

	path->count = 0;
	if (old > new)
		return EINVAL;
	if (old == 0)
		return 0;
	while (error == 0 && old < hi) {
		uint64_t middle = lo + ((uint64_t)1 << level_of(hi - lo - 1));

		if (old <= middle) {
			error = range_hash(source, middle, hi, path->hash[path->count++]);
			hi = middle;
		} else {
			error = range_hash(source, lo, middle, path->hash[path->count++]);
			lo = middle;
		}
	}
	if (error == 0 && lo > 0)	/* else it is the old root, which is known */
		error = range_hash(source, lo, hi, path->hash[path->count++]);
	turn(path);
	return error;
}

/* RFC 9162 section 2.1.3.2. */
int
tree_path_root(const uint8_t leaf_hash[HASH_SIZE], uint64_t index, uint64_t size,
    const struct tree_path *path, uint8_t out[HASH_SIZE])
{
	uint64_t fn = index, sn = size - 1;

	if (index >= size)
		return EBADMSG;
	memcpy(out, leaf_hash, HASH_SIZE);
	for (size_t i = 0; i < path->count; i++) {
		if (sn == 0)
			return EBADMSG;
		if ((fn & 1) == 0 && fn != sn) {
			tree_node(out, path->hash[i], out);
		} else {
			tree_node(path->hash[i], out, out);
			for (; (fn & 1) == 0; fn >>= 1)
				sn >>= 1;
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 ? 0 : EBADMSG;
}

/* RFC 9162 section 2.1.4.2, steps 4 to 6. */
static int
growth_roots(uint64_t old, uint64_t new, const struct tree_path *path, uint8_t fr[HASH_SIZE],
    uint8_t sr[HASH_SIZE])
{
	uint64_t fn = old - 1, sn = new - 1;

	for (; (fn & 1) != 0; fn >>= 1)
		sn >>= 1;
	for (size_t i = 0; i < path->count; i++) {
		if (sn == 0)
			return EBADMSG;
		if ((fn & 1) != 0 || fn == sn) {
			tree_node(path->hash[i], fr, fr);
			tree_node(path->hash[i], sr, sr);
			for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
				sn >>= 1;
		} else {
			tree_node(sr, path->hash[i], sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 ? 0 : EBADMSG;
}

int
tree_check_growth(const struct tree_head *old, const struct tree_head *new,
    const struct tree_path *path)
{
	bool power = old->size != 0 && (old->size & (old->size - 1)) == 0;
	struct tree_path rest = { .count = path->count };
	uint8_t fr[HASH_SIZE], sr[HASH_SIZE];

	if (old->size > new->size)
		return EBADMSG;
	if (old->size == 0) {
		hash_sha256(NULL, 0, fr);
		return path->count == 0 && memcmp(fr, old->root, HASH_SIZE) == 0 ? 0 : EBADMSG;
	}
	if (old->size == new->size)
		return path->count == 0 && memcmp(old->root, new->root, HASH_SIZE) == 0 ? 0 : EBADMSG;
	if (path->count == 0)
		return EBADMSG;
	if (!power)
		rest.count--;
	memcpy(fr, power ? old->root : path->hash[0], HASH_SIZE);
	memcpy(sr, fr, HASH_SIZE);
	memcpy(rest.hash, path->hash + (power ? 0 : 1), rest.count * HASH_SIZE);
	if (growth_roots(old->size, new->size, &rest, fr, sr) != 0)
		return EBADMSG;
	return memcmp(fr, old->root, HASH_SIZE) == 0 && memcmp(sr, new->root, HASH_SIZE) == 0 ?
	    0 : EBADMSG;
}
