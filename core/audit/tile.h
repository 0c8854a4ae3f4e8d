/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tiles as C2SP tlog-tiles v1 has them.  A tile is 256 hashes: tile n of
 * level 0 is the leaf hashes from 256 n on, each hash of the level above is
 * the root of a full tile.  What does not fill a tile is a partial one.  Its
 * entries are the leaves themselves, each behind its length in two bytes.
 *
 *	tile/<level>/<n>[.p/<width>]	tile/entries/<n>[.p/<width>]
 *
 * n in groups of three digits, all but the last with an "x": x001/x234/067.
 */
#ifndef MAILTRI_AUDIT_TILE_H
#define MAILTRI_AUDIT_TILE_H

#include "audit/tree.h"

enum {
	TILE_WIDTH = 256, TILE_BITS = 8, TILE_SIZE = TILE_WIDTH * HASH_SIZE,
	TILE_LEVELS = (TREE_LEVELS + TILE_BITS - 1) / TILE_BITS,
	TILE_ENTRIES = TILE_LEVELS,	/* in place of a level: the leaves */
	TILE_PATH_SIZE = 64,
	TILE_ENTRIES_MAX = TILE_WIDTH * (2 + 65535)	/* bytes */
};

struct tile {
	unsigned level;
	uint64_t index;
	unsigned width;		/* TILE_WIDTH: full */
};

/* Tile `index' of a level as a tree of that size has it; width 0: it has
 * none. */
struct tile tile_of(uint64_t size, unsigned level, uint64_t index);
/* The last one, which is partial; width 0: it would be empty. */
struct tile tile_last(uint64_t size, unsigned level);
void tile_path(const struct tile *, char out[TILE_PATH_SIZE]);

/* The root of the first 2^level hashes of `hashes', level at most TILE_BITS. */
void tile_root(const uint8_t *hashes, unsigned level, uint8_t out[HASH_SIZE]);

/* Leaves of a bundle, one after the other: true with the next, false at the
 * end; *rest is then empty if all was well. */
bool tile_entry_next(struct mt_span *rest, struct mt_span *leaf);

/* The hashes of a log that lies as tiles in a folder, for proofs.  What it
 * finds there is believed: a proof made of it is checked by who gets it. */
struct tile_folder {
	int dir_fd;
	uint64_t size;		/* of the tree */
	struct tile have;	/* whose hashes are loaded */
	uint8_t hashes[TILE_SIZE];
};
struct tree_source tile_source(struct tile_folder *);
/* The bytes of one tile or bundle; the full one where it has replaced the
 * partial.  ENOENT, EBADMSG (not of its size). */
int tile_load(int dir_fd, const struct tile *, struct buf *out);

#endif
