/* SPDX-License-Identifier: BSD-2-Clause */
/* Verifying a log that lies as tiles: its records go through the verifier as
 * lines do, and every tile must be what they hash to. */
#include "audit/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit/tile.h"
#include "base/arena.h"

struct folder {
	int dir_fd;
	struct verifier *verifier;
	uint64_t size;		/* records so far */
	uint8_t edge[TILE_LEVELS][TILE_SIZE];
	char why[160];		/* first tile that is wrong; empty: none */
};

static void
check_tile(struct folder *f, const struct tile *tile)
{
	struct mt_span made = span_make(f->edge[tile->level], tile->width * (size_t)HASH_SIZE);
	struct buf there = { 0 };
	char path[TILE_PATH_SIZE];
	int error = tile_load(f->dir_fd, tile, &there);

	tile_path(tile, path);
	if (f->why[0] == '\0' && error != 0)
		snprintf(f->why, sizeof(f->why), "%s cannot be read: %s", path,
		    error == EBADMSG ? "not of its size" : strerror(error));
	else if (f->why[0] == '\0' && !span_equal(buf_span(&there), made))
		snprintf(f->why, sizeof(f->why), "%s is not what the records hash to", path);
	buf_free(&there);
}

static void
take_entry(struct folder *f, struct mt_span leaf)
{
	verifier_line(f->verifier, leaf);
	tree_leaf(leaf, f->edge[0] + (f->size & (TILE_WIDTH - 1)) * HASH_SIZE);
	f->size++;
	for (unsigned level = 0; level < TILE_LEVELS; level++) {
		uint64_t count = f->size >> (TILE_BITS * level);
		struct tile tile = { level, (count >> TILE_BITS) - 1, TILE_WIDTH };

		if ((count & (TILE_WIDTH - 1)) != 0 || count << (TILE_BITS * level) != f->size)
			return;
		check_tile(f, &tile);
		if (level + 1 < TILE_LEVELS)
			tile_root(f->edge[level], TILE_BITS, f->edge[level + 1] +
			    (tile.index & (TILE_WIDTH - 1)) * HASH_SIZE);
	}
}

static int
take_bundle(struct folder *f, const struct tile *tile)
{
	struct buf bytes = { 0 };
	char path[TILE_PATH_SIZE];
	int error = tile_load(f->dir_fd, tile, &bytes);
	struct mt_span rest = buf_span(&bytes), leaf;

	while (error == 0 && tile_entry_next(&rest, &leaf))
		take_entry(f, leaf);
	tile_path(tile, path);
	if (error != 0 && f->why[0] == '\0')
		snprintf(f->why, sizeof(f->why), "%s cannot be read: %s", path,
		    error == EBADMSG ? "not as long as it must be" : strerror(error));
	buf_free(&bytes);
	return error;
}

static void
take_log(struct folder *f, uint64_t size)
{
	struct tile tile;

	for (uint64_t i = 0; (tile = tile_of(size, TILE_ENTRIES, i)).width > 0; i++)
		if (take_bundle(f, &tile) != 0)
			return;
	for (unsigned level = 0; level < TILE_LEVELS; level++) {
		tile = tile_last(size, level);
		if (tile.width > 0)
			check_tile(f, &tile);
	}
}

static int
read_checkpoint(int dir_fd, struct buf *note)
{
	int fd = openat(dir_fd, "checkpoint", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return errno;
	buf_reserve(note, NOTE_MAX + 1);
	n = read(fd, note->p, NOTE_MAX + 1);
	note->len = n > 0 ? (size_t)n : 0;
	close(fd);
	return n < 0 ? errno : 0;
}

int
audit_verify_folder(int dir_fd, const struct note_key *key, const struct checkpoint *seen,
    struct verify_result *result)
{
	struct folder *f = xcalloc(1, sizeof(*f));
	struct buf note = { 0 }, line = { 0 };
	struct checkpoint checkpoint;
	int error = read_checkpoint(dir_fd, &note);

	f->dir_fd = dir_fd;
	f->verifier = verifier_new(key, seen);
	if (error == 0 && checkpoint_verify(key, buf_span(&note), &checkpoint) == 0)
		take_log(f, checkpoint.head.size);
	checkpoint_line_format(buf_span(&note), &line);
	verifier_line(f->verifier, buf_span(&line));
	verifier_finish(f->verifier, true, result);
	result->line = 0;	/* there are no lines in it */
	if (f->why[0] != '\0') {
		result->status = VERIFY_ALTERED;
		snprintf(result->why, sizeof(result->why), "%s", f->why);
	}
	buf_free(&note);
	buf_free(&line);
	free(f);
	return error;
}
