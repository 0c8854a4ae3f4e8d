/* SPDX-License-Identifier: BSD-2-Clause */
/* Names, bytes and reading of tiles. */
#include "audit/tile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* Hashes there are at a level of tiles. */
static uint64_t
hashes_at(uint64_t size, unsigned level)
{
	return level == TILE_ENTRIES ? size : size >> (TILE_BITS * level);
}

struct tile
tile_of(uint64_t size, unsigned level, uint64_t index)
{
	uint64_t count = hashes_at(size, level), before = index << TILE_BITS;
	struct tile t = { .level = level, .index = index };

	if (index <= count >> TILE_BITS)
		t.width = count - before > TILE_WIDTH ? TILE_WIDTH : (unsigned)(count - before);
	return t;
}

struct tile
tile_last(uint64_t size, unsigned level)
{
	return tile_of(size, level, hashes_at(size, level) >> TILE_BITS);
}

void
tile_path(const struct tile *t, char out[TILE_PATH_SIZE])
{
	uint64_t divisor = 1;
	int n;

	n = t->level == TILE_ENTRIES ? snprintf(out, TILE_PATH_SIZE, "tile/entries") :
	    snprintf(out, TILE_PATH_SIZE, "tile/%u", t->level);
	while (t->index / divisor >= 1000)
		divisor *= 1000;
	for (; divisor > 0; divisor /= 1000)
		n += snprintf(out + n, TILE_PATH_SIZE - (size_t)n, "/%s%03u", divisor > 1 ? "x" : "",
		    (unsigned)(t->index / divisor % 1000));
	if (t->width < TILE_WIDTH)
		n += snprintf(out + n, TILE_PATH_SIZE - (size_t)n, ".p/%u", t->width);
	if (n >= TILE_PATH_SIZE)
		log_panic("tile %" PRIu64 " has too long a name", t->index);
}

void
tile_root(const uint8_t *hashes, unsigned level, uint8_t out[HASH_SIZE])
{
	struct tree t = { .size = 0 };

	for (size_t i = 0; i < (size_t)1 << level; i++)
		tree_add(&t, hashes + i * HASH_SIZE);
	tree_root(&t, out);
}

bool
tile_entry_next(struct mt_span *rest, struct mt_span *leaf)
{
	size_t len;

	if (rest->len < 2)
		return false;
	len = (size_t)(unsigned char)rest->ptr[0] << 8 | (unsigned char)rest->ptr[1];
	if (rest->len - 2 < len)
		return false;
	*leaf = span_make(rest->ptr + 2, len);
	*rest = span_make(rest->ptr + 2 + len, rest->len - 2 - len);
	return true;
}

static int
read_file(int dir_fd, const char *path, size_t max, struct buf *out)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), error = 0;
	struct stat st;
	ssize_t n = 1;

	if (fd < 0)
		return errno;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > max)
		error = EBADMSG;
	else
		buf_reserve(out, (size_t)st.st_size);
	for (size_t left = error == 0 ? (size_t)st.st_size : 0; left > 0 && error == 0;
	    left -= (size_t)n) {
		n = read(fd, out->p + out->len, left);
		if (n <= 0)
			error = n == 0 ? EBADMSG : errno;
		else
			out->len += (size_t)n;
	}
	close(fd);
	return error;
}

/* The leading `width' leaves of a bundle, and nothing behind the last of a
 * bundle that is no longer. */
static int
cut_entries(struct buf *b, size_t start, unsigned width, bool longer)
{
	struct mt_span rest = span_make(b->p + start, b->len - start), leaf;

	for (unsigned i = 0; i < width; i++)
		if (!tile_entry_next(&rest, &leaf))
			return EBADMSG;
	if (!longer && rest.len != 0)
		return EBADMSG;
	b->len -= rest.len;
	return 0;
}

int
tile_load(int dir_fd, const struct tile *t, struct buf *out)
{
	size_t max = t->level == TILE_ENTRIES ? TILE_ENTRIES_MAX : TILE_SIZE, start = out->len;
	struct tile full = { t->level, t->index, TILE_WIDTH };
	char path[TILE_PATH_SIZE];
	bool longer = false;
	int error;

	tile_path(t, path);
	error = read_file(dir_fd, path, max, out);
	if (error == ENOENT && t->width < TILE_WIDTH) {
		longer = true;
		tile_path(&full, path);
		error = read_file(dir_fd, path, max, out);
	}
	if (error != 0)
		return error;
	if (t->level == TILE_ENTRIES)
		return cut_entries(out, start, t->width, longer);
	if (out->len - start != (longer ? (size_t)TILE_SIZE : t->width * (size_t)HASH_SIZE))
		return EBADMSG;
	out->len = start + t->width * (size_t)HASH_SIZE;
	return 0;
}

static int
folder_node(void *arg, unsigned level, uint64_t index, uint8_t out[HASH_SIZE])
{
	struct tile_folder *f = arg;
	unsigned within = level % TILE_BITS, bottom = level / TILE_BITS;
	uint64_t first = index << within;	/* of the hashes below it in that level */
	struct tile t = tile_of(f->size, bottom, first >> TILE_BITS);
	struct buf bytes = { 0 };
	int error = 0;

	if (t.width == 0 || (first & (TILE_WIDTH - 1)) + (1u << within) > t.width)
		return EINVAL;
	if (f->have.width != t.width || f->have.level != t.level || f->have.index != t.index) {
		f->have.width = 0;
		error = tile_load(f->dir_fd, &t, &bytes);
		if (error == 0) {
			memcpy(f->hashes, bytes.p, bytes.len);
			f->have = t;
		}
		buf_free(&bytes);
	}
	if (error == 0)
		tile_root(f->hashes + (first & (TILE_WIDTH - 1)) * HASH_SIZE, within, out);
	return error;
}

struct tree_source
tile_source(struct tile_folder *f)
{
	return (struct tree_source){ folder_node, f };
}
