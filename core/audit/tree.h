/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Merkle tree over the leaves of the audit log (RFC 6962 section 2.1,
 * SHA-256), and the proofs of RFC 9162 sections 2.1.3 and 2.1.4.
 *
 *	leaf hash = SHA-256(0x00 ‖ leaf)
 *	node hash = SHA-256(0x01 ‖ left ‖ right)
 *
 * A subtree is complete when it has 2^level leaves; complete subtree `index'
 * of a level covers the leaves from index * 2^level on.
 */
#ifndef MAILTRI_AUDIT_TREE_H
#define MAILTRI_AUDIT_TREE_H

#include "store/hash.h"

enum { TREE_LEVELS = 62, TREE_PATH_MAX = 64 };	/* sizes are below 2^62 */

/* What a tree is as long as it only grows: the roots of the complete
 * subtrees it falls into, the largest first, one for each bit of size.  All
 * zero is the empty tree. */
struct tree {
	uint64_t size;
	uint8_t node[TREE_LEVELS][HASH_SIZE];
};

void tree_leaf(struct mt_span leaf, uint8_t out[HASH_SIZE]);
void tree_node(const uint8_t left[HASH_SIZE], const uint8_t right[HASH_SIZE],
    uint8_t out[HASH_SIZE]);	/* out may be one of them */
void tree_add(struct tree *, const uint8_t leaf_hash[HASH_SIZE]);
void tree_root(const struct tree *, uint8_t out[HASH_SIZE]);

struct tree_path {
	size_t count;
	uint8_t hash[TREE_PATH_MAX][HASH_SIZE];	/* from the leaf up */
};

/* Where proofs get the hashes of complete subtrees from; an errno value. */
struct tree_source {
	int (*node)(void *arg, unsigned level, uint64_t index, uint8_t out[HASH_SIZE]);
	void *arg;
};
int tree_source_root(const struct tree_source *, uint64_t size, uint8_t out[HASH_SIZE]);
/* The leaf is in the tree of that size; the tree of size `old' begins that of
 * size `new'.  EINVAL: there is no such proof; else what the source said. */
int tree_prove_leaf(const struct tree_source *, uint64_t index, uint64_t size, struct tree_path *);
int tree_prove_growth(const struct tree_source *, uint64_t old, uint64_t new, struct tree_path *);

/* The root that follows from a leaf and its path, to be compared with one
 * that is signed.  EBADMSG: the path does not fit index and size. */
int tree_path_root(const uint8_t leaf_hash[HASH_SIZE], uint64_t index, uint64_t size,
    const struct tree_path *, uint8_t out[HASH_SIZE]);

struct tree_head {
	uint64_t size;
	uint8_t root[HASH_SIZE];
};
/* EBADMSG: the path does not show that `new' begins with `old'. */
int tree_check_growth(const struct tree_head *old, const struct tree_head *new,
    const struct tree_path *);

#endif
