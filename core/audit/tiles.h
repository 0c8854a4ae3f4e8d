/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log as files, in state_dir/audit: tiles, bundles of entries, and the
 * checkpoint, as C2SP tlog-tiles names them.  All of it follows from the rows
 * and can be made again; the order of writing is HACKING.md, The commit, step
 * 7.  One thread, which may wait for the disk; functions return errno values.
 */
#ifndef MAILTRI_AUDIT_TILES_H
#define MAILTRI_AUDIT_TILES_H

#include "audit/checkpoint.h"
#include "audit/tile.h"

struct tiles {
	int dir_fd;		/* -1: not open */
	uint64_t size;		/* leaves taken */
	uint8_t edge[TILE_LEVELS][TILE_SIZE];	/* the partial tile of each level */
	struct buf entries;	/* the partial bundle */
	struct buf pending;	/* paths written and not yet synced, each with its NUL */
};

/* state_dir/audit, made where it is missing. */
int tiles_open(struct tiles *, const char *state_dir);
void tiles_close(struct tiles *);
void tiles_reset(struct tiles *);	/* before the first leaf; files stay */
/* Goes on where a checkpoint was.  EBADMSG, ENOENT: what lies there does not
 * lead to its root; reset, and take the rows again. */
int tiles_load(struct tiles *, const struct tree_head *);
int tiles_add(struct tiles *, struct mt_span leaf);
void tiles_root(const struct tiles *, uint8_t out[HASH_SIZE]);
/* All that a checkpoint of this size stands on is on the disk. */
int tiles_save(struct tiles *);
/* That the tree of now begins with that of `old' leaves; after tiles_save(). */
int tiles_prove_growth(const struct tiles *, uint64_t old, struct tree_path *);

int tiles_checkpoint_save(const struct tiles *, struct mt_span note);
int tiles_checkpoint_load(const struct tiles *, struct buf *note);	/* ENOENT */
/* Partial tiles of the tree of `old' leaves that are full in this one, after
 * its checkpoint was saved. */
int tiles_tidy(const struct tiles *, uint64_t old);
/* The folder becomes audit.<log>, and a new one begins. */
int tiles_put_away(struct tiles *, const char *state_dir, uint64_t log);

#endif
