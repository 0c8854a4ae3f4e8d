/* SPDX-License-Identifier: BSD-2-Clause */
/* A folder of tiles from somebody else, in which the bundle and the tile are
 * the input: verified, loaded, and a proof made of it.  The checkpoint is a
 * head that nobody signed, so nothing of it is believed. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/tiles.h"
#include "audit/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { RECORDS = 3 };

static char state[] = "/dev/shm/mailtri-fuzz-XXXXXX";
static const char *const folders[] = { "tile", "tile/0", "tile/0/000.p", "tile/entries",
	"tile/entries/000.p" };
static const char *const files[] = { "checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3" };
enum { FOLDERS = sizeof(folders) / sizeof(folders[0]), FILES = sizeof(files) / sizeof(files[0]) };

static void
state_remove(void)
{
	struct tiles tiles;

	if (tiles_open(&tiles, state) != 0)
		return;
	for (size_t i = 0; i < FILES; i++)
		unlinkat(tiles.dir_fd, files[i], 0);
	for (size_t i = FOLDERS; i > 0; i--)
		unlinkat(tiles.dir_fd, folders[i - 1], AT_REMOVEDIR);
	unlinkat(tiles.dir_fd, "../audit", AT_REMOVEDIR);
	tiles_close(&tiles);
	rmdir(state);
}

static void
state_make(void)
{
	struct tiles tiles;

	if (mkdtemp(state) == NULL || tiles_open(&tiles, state) != 0)
		abort();
	for (size_t i = 0; i < FOLDERS; i++)
		if (mkdirat(tiles.dir_fd, folders[i], 0700) != 0)
			abort();
	tiles_close(&tiles);
	atexit(state_remove);
}

static void
put(int fd, const char *path, const void *p, size_t size)
{
	int out = openat(fd, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (out < 0 || write(out, p, size) != (ssize_t)size)
		abort();
	close(out);
}

static void
entries(struct mt_span rest)
{
	struct mt_span leaf;
	size_t sum = rest.len;

	while (tile_entry_next(&rest, &leaf))
		sum -= leaf.len + 2;
	if (sum != rest.len)
		abort();
}

static void
folder(int fd, const uint8_t *data, size_t size)
{
	static const struct note_key key = { .name = "fuzz" };
	struct tile_folder f = { .dir_fd = fd, .size = RECORDS };
	struct tree_source source = tile_source(&f);
	struct verify_result result;
	struct tree_path path;
	struct tile tile = { 0, 0, RECORDS };
	struct buf bytes = { 0 };

	for (size_t i = 0; i < FILES; i++)
		put(fd, files[i], data, size);
	if (audit_verify_folder(fd, &key, NULL, &result) != 0 || result.status != VERIFY_ALTERED)
		abort();
	if (tile_load(fd, &tile, &bytes) == 0 && bytes.len != RECORDS * (size_t)HASH_SIZE)
		abort();
	tree_prove_leaf(&source, 1, RECORDS, &path);
	buf_reset(&bytes);
	tile.level = TILE_ENTRIES;
	tile_load(fd, &tile, &bytes);
	buf_free(&bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool made;
	struct tree_head head = { .size = RECORDS };
	struct tiles tiles;

	if (!made)
		state_make();
	made = true;
	entries(span_make(data, size));
	if (tiles_open(&tiles, state) != 0)
		abort();
	folder(tiles.dir_fd, data, size);
	tiles_load(&tiles, &head);
	tiles_close(&tiles);
	return 0;
}
