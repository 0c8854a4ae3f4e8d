/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 4096 message keys in one file of fixed size, overwritten in place: what is
 * erased here is erased where it lay (a database or a log would keep copies).
 *
 *	0	"mtshard2", u64 shard, u32 epoch, then the shard key wrapped
 *		under the roots (store/root.h)
 *	4096	4096 slots of 64 bytes: u32 generation, 60 bytes message key
 *		wrapped under the shard key; its place is slot ‖ epoch ‖
 *		generation.  Generation 0: never filled.  All else 0: erased
 *
 * Integers little-endian.  Slot number = 4096 * shard + index; a number is
 * handed out once, ever; after a restore from a backup, which cannot know what
 * was handed out since, with another generation.  A new root rewraps the header
 * alone; a new shard key makes a new file with the next epoch.
 */
#ifndef MAILTRI_STORE_SHARD_H
#define MAILTRI_STORE_SHARD_H

#include "store/root.h"
#include "store/seal.h"

enum { SHARD_SLOTS = 4096, SHARD_SLOT_SIZE = 64, SHARD_HEADER_SIZE = 4096,
	SHARD_FILE_SIZE = SHARD_HEADER_SIZE + SHARD_SLOTS * SHARD_SLOT_SIZE };

struct shard {
	int fd;			/* -1: closed */
	uint64_t number;
	uint32_t epoch;
	uint32_t generation;	/* of the keys that are made now; the caller's */
	uint8_t key[WRAP_KEY_SIZE];
};

/* In the directory dir_fd.  0, an errno value; EBADMSG: damaged; ENOKEY: of
 * other roots. */
int shard_create(struct shard *, int dir_fd, uint64_t number, const struct roots *);
int shard_open(struct shard *, int dir_fd, uint64_t number, struct roots *);
void shard_close(struct shard *);	/* wipes */
/* Makes `count' new keys from index on, durable when it returns 0. */
int shard_fill(struct shard *, uint32_t index, uint32_t count, struct slot *out);
/* ENOENT: never filled or erased; ESTALE: another generation; EBADMSG: damage. */
int shard_get(struct shard *, uint32_t index, uint64_t generation, struct slot *out);
/* Zeroes, keeping the generation; not durable before shard_sync(). */
int shard_erase(struct shard *, uint32_t index);
int shard_sync(struct shard *);
int shard_first_free(struct shard *, uint32_t *index);	/* SHARD_SLOTS: full */

#endif
