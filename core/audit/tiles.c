/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing tiles and checkpoints so that a power cut never leaves a checkpoint
 * without what it stands on. */
#include "audit/tiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fault.h"

enum { NAME_SIZE = 64 };

static int
sync_folder(int dir_fd, const char *path)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = 0;

	if (fd < 0)
		return errno;
	fault_point("tile.fsync");
	if (fault_error("tile.fsync") || fsync(fd) != 0)
		error = errno != 0 ? errno : EIO;
	close(fd);
	return error;
}

int
tiles_open(struct tiles *t, const char *state_dir)
{
	int state_fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = 0;

	memset(t, 0, sizeof(*t));
	t->dir_fd = -1;
	if (state_fd < 0)
		return errno;
	if (mkdirat(state_fd, "audit", 0755) == 0)
		error = sync_folder(state_fd, ".");
	else if (errno != EEXIST)
		error = errno;
	if (error == 0) {
		t->dir_fd = openat(state_fd, "audit", O_RDONLY | O_DIRECTORY | O_CLOEXEC |
		    O_NOFOLLOW);
		error = t->dir_fd < 0 ? errno : 0;
	}
	close(state_fd);
	return error;
}

void
tiles_reset(struct tiles *t)
{
	t->size = 0;
	buf_reset(&t->entries);
	buf_reset(&t->pending);
}

void
tiles_close(struct tiles *t)
{
	if (t->dir_fd >= 0)
		close(t->dir_fd);
	t->dir_fd = -1;
	tiles_reset(t);
	buf_free(&t->entries);
	buf_free(&t->pending);
}

/* The partial tiles in memory, as far as they go. */
static int
edge_node(void *arg, unsigned level, uint64_t index, uint8_t out[HASH_SIZE])
{
	const struct tiles *t = arg;
	unsigned within = level % TILE_BITS, bottom = level / TILE_BITS;
	uint64_t first = index << within;

	if (first >> TILE_BITS != tile_last(t->size, bottom).index)
		return EINVAL;
	tile_root(t->edge[bottom] + (first & (TILE_WIDTH - 1)) * HASH_SIZE, within, out);
	return 0;
}

void
tiles_root(const struct tiles *t, uint8_t out[HASH_SIZE])
{
	struct tree_source source = { edge_node, (void *)(uintptr_t)t };

	(void)tree_source_root(&source, t->size, out);
}

/* The leaves of the bundle are those of the tile beside it. */
static bool
entries_fit(const struct tiles *t, unsigned width)
{
	struct mt_span rest = buf_span(&t->entries), leaf;
	uint8_t hash[HASH_SIZE];
	unsigned n = 0;

	for (; tile_entry_next(&rest, &leaf); n++) {
		tree_leaf(leaf, hash);
		if (n == width || memcmp(hash, t->edge[0] + n * HASH_SIZE, HASH_SIZE) != 0)
			return false;
	}
	return n == width && rest.len == 0;
}

int
tiles_load(struct tiles *t, const struct tree_head *head)
{
	struct tile entries = tile_last(head->size, TILE_ENTRIES);
	uint8_t root[HASH_SIZE];
	struct buf bytes = { 0 };
	int error = 0;

	tiles_reset(t);
	for (unsigned level = 0; error == 0 && level < TILE_LEVELS; level++) {
		struct tile tile = tile_last(head->size, level);

		buf_reset(&bytes);
		if (tile.width > 0)
			error = tile_load(t->dir_fd, &tile, &bytes);
		if (error == 0 && bytes.len > 0)
			memcpy(t->edge[level], bytes.p, bytes.len);
	}
	if (error == 0 && entries.width > 0)
		error = tile_load(t->dir_fd, &entries, &t->entries);
	buf_free(&bytes);
	if (error != 0)
		return error;
	t->size = head->size;
	tiles_root(t, root);
	return memcmp(root, head->root, HASH_SIZE) == 0 && entries_fit(t, entries.width) ?
	    0 : EBADMSG;
}

/* The folders on the way to a file, each durable before what is in it. */
static int
make_folders(int dir_fd, const char *path)
{
	char folder[TILE_PATH_SIZE];

	for (const char *at = strchr(path, '/'); at != NULL; at = strchr(at + 1, '/')) {
		size_t len = (size_t)(at - path);
		char *parent_end;
		int error;

		memcpy(folder, path, len);
		folder[len] = '\0';
		if (mkdirat(dir_fd, folder, 0755) != 0) {
			if (errno != EEXIST)
				return errno;
			continue;
		}
		parent_end = strrchr(folder, '/');
		if (parent_end != NULL)
			*parent_end = '\0';
		error = sync_folder(dir_fd, parent_end != NULL ? folder : ".");
		if (error != 0)
			return error;
	}
	return 0;
}

static int
write_all(int fd, struct mt_span bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		bytes.ptr += n;
		bytes.len -= (size_t)n;
	}
	return 0;
}

static int
write_file(int dir_fd, const char *path, struct mt_span bytes)
{
	int fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	int error;

	if (fd < 0)
		return errno;
	error = write_all(fd, bytes);
	close(fd);
	return error;
}

static int
save_tile(struct tiles *t, const struct tile *tile, struct mt_span bytes)
{
	struct buf there = { 0 };
	char path[TILE_PATH_SIZE];
	int error;

	tile_path(tile, path);
	fault_point("tile.write");
	error = fault_error("tile.write") ? EIO : make_folders(t->dir_fd, path);
	/* A tile that was published is never open to be read half written. */
	if (error == 0 && (tile_load(t->dir_fd, tile, &there) != 0 ||
	    !span_equal(buf_span(&there), bytes) || faccessat(t->dir_fd, path, F_OK, 0) != 0))
		error = write_file(t->dir_fd, path, bytes);
	if (error == 0)
		buf_add(&t->pending, path, strlen(path) + 1);
	buf_free(&there);
	return error;
}

/* The tile of that level is full: it is written, and is one hash of the level
 * above. */
static int
full(struct tiles *t, unsigned level, uint64_t index)
{
	struct tile tile = { level, index, TILE_WIDTH };
	unsigned above = (unsigned)(index % TILE_WIDTH);
	int error = save_tile(t, &tile, span_make(t->edge[level], TILE_SIZE));

	if (error == 0 && level + 1 < TILE_LEVELS)
		tile_root(t->edge[level], TILE_BITS, t->edge[level + 1] + above * HASH_SIZE);
	return error;
}

int
tiles_add(struct tiles *t, struct mt_span leaf)
{
	struct tile bundle = { TILE_ENTRIES, t->size >> TILE_BITS, TILE_WIDTH };
	int error = 0;

	tree_leaf(leaf, t->edge[0] + (t->size & (TILE_WIDTH - 1)) * HASH_SIZE);
	buf_add_char(&t->entries, (char)(leaf.len >> 8));
	buf_add_char(&t->entries, (char)(leaf.len & 255));
	buf_add(&t->entries, leaf.ptr, leaf.len);
	t->size++;
	if ((t->size & (TILE_WIDTH - 1)) != 0)
		return 0;
	error = save_tile(t, &bundle, buf_span(&t->entries));
	buf_reset(&t->entries);
	for (unsigned level = 0; error == 0 && level < TILE_LEVELS; level++) {
		uint64_t count = t->size >> (TILE_BITS * level);

		if ((count & (TILE_WIDTH - 1)) != 0 || count << (TILE_BITS * level) != t->size)
			break;
		error = full(t, level, (count >> TILE_BITS) - 1);
	}
	return error;
}

static int
sync_file(int dir_fd, const char *path)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), error = 0;

	if (fd < 0)
		return errno;
	fault_point("tile.fdatasync");
	if (fault_error("tile.fdatasync") || fdatasync(fd) != 0)
		error = errno != 0 ? errno : EIO;
	close(fd);
	return error;
}

/* Everything written since the last time; first the files, so that one commit
 * of the file system carries most of them, then their folders. */
static int
sync_pending(struct tiles *t)
{
	const char *end = (const char *)t->pending.p + t->pending.len;
	char folder[TILE_PATH_SIZE], last[TILE_PATH_SIZE] = "";
	int error = 0;

	for (const char *path = (const char *)t->pending.p; error == 0 && path < end;
	    path += strlen(path) + 1)
		error = sync_file(t->dir_fd, path);
	for (const char *path = (const char *)t->pending.p; error == 0 && path < end;
	    path += strlen(path) + 1) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
		if (strcmp(folder, last) != 0)
			error = sync_folder(t->dir_fd, folder);
		memcpy(last, folder, sizeof(last));
	}
	if (error == 0)
		buf_reset(&t->pending);
	return error;
}

int
tiles_save(struct tiles *t)
{
	struct tile tile = tile_last(t->size, TILE_ENTRIES);
	int error = 0;

	if (tile.width > 0)
		error = save_tile(t, &tile, buf_span(&t->entries));
	for (unsigned level = 0; error == 0 && level < TILE_LEVELS; level++) {
		tile = tile_last(t->size, level);
		if (tile.width > 0)
			error = save_tile(t, &tile, span_make(t->edge[level],
			    tile.width * (size_t)HASH_SIZE));
	}
	return error == 0 ? sync_pending(t) : error;
}

int
tiles_prove_growth(const struct tiles *t, uint64_t old, struct tree_path *path)
{
	struct tile_folder *folder = xcalloc(1, sizeof(*folder));
	struct tree_source source = tile_source(folder);
	int error;

	folder->dir_fd = t->dir_fd;
	folder->size = t->size;
	error = tree_prove_growth(&source, old, t->size, path);
	free(folder);
	return error;
}

int
tiles_checkpoint_save(const struct tiles *t, struct mt_span note)
{
	int fd, error;

	fault_point("checkpoint.write");
	fd = openat(t->dir_fd, "checkpoint.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
	    O_NOFOLLOW, 0644);
	if (fd < 0)
		return errno;
	error = write_all(fd, note);
	fault_point("checkpoint.fdatasync");
	if (error == 0 && (fault_error("checkpoint.fdatasync") || fdatasync(fd) != 0))
		error = errno != 0 ? errno : EIO;
	close(fd);
	fault_point("checkpoint.rename");
	if (error == 0 && renameat(t->dir_fd, "checkpoint.new", t->dir_fd, "checkpoint") != 0)
		error = errno;
	fault_point("checkpoint.fsync");
	if (error == 0 && (fault_error("checkpoint.fsync") || fsync(t->dir_fd) != 0))
		error = errno != 0 ? errno : EIO;
	return error;
}

int
tiles_checkpoint_load(const struct tiles *t, struct buf *note)
{
	int fd = openat(t->dir_fd, "checkpoint", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return errno;
	buf_reserve(note, NOTE_MAX);
	n = read(fd, note->p + note->len, NOTE_MAX);
	close(fd);
	if (n < 0)
		return EIO;
	note->len += (size_t)n;
	return 0;
}

/* The folder of a tile's partial forms. */
static int
remove_partial(int dir_fd, struct tile tile)
{
	char path[TILE_PATH_SIZE], name[TILE_PATH_SIZE];
	struct dirent *entry;
	DIR *dir;
	int fd;

	tile.width = 1;
	tile_path(&tile, path);
	*strrchr(path, '/') = '\0';
	fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : errno;
	if ((dir = fdopendir(fd)) == NULL) {
		close(fd);
		return ENOMEM;
	}
	while ((entry = readdir(dir)) != NULL) {
		snprintf(name, sizeof(name), "%.60s", entry->d_name);
		if (entry->d_name[0] != '.' && unlinkat(fd, name, 0) != 0 && errno != ENOENT)
			break;
	}
	closedir(dir);
	return unlinkat(dir_fd, path, AT_REMOVEDIR) == 0 ? 0 : errno;
}

int
tiles_tidy(const struct tiles *t, uint64_t old)
{
	int error = 0;

	for (unsigned level = 0; error == 0 && level <= TILE_ENTRIES; level++) {
		struct tile tile = tile_last(old, level);

		if (tile.width > 0 && tile_of(t->size, level, tile.index).width == TILE_WIDTH)
			error = remove_partial(t->dir_fd, tile);
	}
	return error;
}

int
tiles_put_away(struct tiles *t, const char *state_dir, uint64_t log)
{
	int state_fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = 0;
	char name[NAME_SIZE];

	if (state_fd < 0)
		return errno;
	snprintf(name, sizeof(name), "audit.%" PRIu64, log);
	tiles_close(t);
	if (renameat(state_fd, "audit", state_fd, name) != 0)
		error = errno;
	close(state_fd);
	return error == 0 ? tiles_open(t, state_dir) : error;
}
