/* SPDX-License-Identifier: BSD-2-Clause */
/* One file of message keys. */
#include "store/shard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fault.h"

enum { NAME_SIZE = 40, MAGIC_SIZE = 8, WRAPPED_AT = MAGIC_SIZE + 8 + 4 };

static const char magic[] = "mtshard2";

static void
shard_name(char name[NAME_SIZE], uint64_t number, const char *suffix)
{
	snprintf(name, NAME_SIZE, "shard-%012llx%s", (unsigned long long)number, suffix);
}

static int
read_at(int fd, void *p, size_t size, off_t at)
{
	ssize_t n = pread(fd, p, size, at);

	return n < 0 ? errno : (size_t)n == size ? 0 : EBADMSG;
}

static int
write_at(int fd, const void *p, size_t size, off_t at)
{
	ssize_t n = pwrite(fd, p, size, at);

	return n < 0 ? errno : (size_t)n == size ? 0 : ENOSPC;
}

/* Everything of the header before the wrapped key: its place, too. */
static void
pack_header(struct buf *b, const struct shard *shard)
{
	buf_add(b, magic, MAGIC_SIZE);
	pack_u64(b, shard->number);
	pack_u32(b, shard->epoch);
}

static struct mt_span
slot_place(struct buf *b, const struct shard *shard, uint32_t index, uint32_t generation)
{
	buf_reset(b);
	buf_add_string(b, "mailtri/slot/v1");
	pack_u64(b, shard->number * SHARD_SLOTS + index);
	pack_u32(b, shard->epoch);
	pack_u32(b, generation);
	return buf_span(b);
}

/* The file whole, synced, then under its name, then the directory. */
static int
write_new(struct shard *shard, int dir_fd, const uint8_t *header)
{
	char name[NAME_SIZE], made[NAME_SIZE];
	int error;

	shard_name(made, shard->number, ".new");
	shard_name(name, shard->number, "");
	shard->fd = openat(dir_fd, made, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (shard->fd < 0)
		return errno;
	if ((error = posix_fallocate(shard->fd, 0, SHARD_FILE_SIZE)) != 0 ||
	    (error = write_at(shard->fd, header, SHARD_HEADER_SIZE, 0)) != 0)
		return error;
	fault_point("shard.create");
	if (fsync(shard->fd) != 0 || renameat(dir_fd, made, dir_fd, name) != 0 || fsync(dir_fd) != 0)
		return errno;
	return 0;
}

int
shard_create(struct shard *shard, int dir_fd, uint64_t number, const struct roots *roots)
{
	uint8_t header[SHARD_HEADER_SIZE] = { 0 };
	struct buf place = { 0 }, text = { 0 };
	int error;

	shard->number = number;
	shard->epoch = 1;
	hash_random(shard->key, sizeof(shard->key));
	pack_header(&place, shard);
	buf_add(&text, place.p, place.len);
	roots_close(roots, buf_span(&place), shard->key, &text);
	memcpy(header, text.p, text.len);
	buf_free(&place);
	buf_free(&text);
	error = write_new(shard, dir_fd, header);
	if (error != 0)
		shard_close(shard);
	return error;
}

static int
load_header(struct shard *shard, struct roots *roots)
{
	uint8_t header[SHARD_HEADER_SIZE];
	struct unpack u = unpack_of(span_make(header, sizeof(header)));
	int error;

	if ((error = read_at(shard->fd, header, sizeof(header), 0)) != 0)
		return error;
	u.p += MAGIC_SIZE;
	if (memcmp(header, magic, MAGIC_SIZE) != 0 || unpack_u64(&u) != shard->number)
		return EBADMSG;
	shard->epoch = unpack_u32(&u);
	return roots_open(roots, span_make(header, WRAPPED_AT), &u, shard->key);
}

int
shard_open(struct shard *shard, int dir_fd, uint64_t number, struct roots *roots)
{
	char name[NAME_SIZE];
	int error;

	shard->number = number;
	shard_name(name, number, "");
	shard->fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (shard->fd < 0)
		return errno;
	error = load_header(shard, roots);
	if (error != 0)
		shard_close(shard);
	return error;
}

void
shard_close(struct shard *shard)
{
	if (shard->fd >= 0)
		close(shard->fd);
	explicit_bzero(shard, sizeof(*shard));
	shard->fd = -1;
}

static off_t
slot_at(uint32_t index)
{
	return SHARD_HEADER_SIZE + (off_t)index * SHARD_SLOT_SIZE;
}

static void
put_generation(uint8_t *p, uint32_t generation)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(generation >> (8 * i));
}

static uint32_t
get_generation(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

int
shard_fill(struct shard *shard, uint32_t index, uint32_t count, struct slot *out)
{
	struct buf records = { 0 }, place = { 0 };
	int error;

	if (index > SHARD_SLOTS || count > SHARD_SLOTS - index || shard->generation == 0)
		return EINVAL;
	buf_reserve(&records, (size_t)count * SHARD_SLOT_SIZE);
	for (uint32_t i = 0; i < count; i++) {
		uint8_t record[SHARD_SLOT_SIZE];

		out[i].number = shard->number * SHARD_SLOTS + index + i;
		out[i].generation = shard->generation;
		hash_random(out[i].key, SEAL_KEY_SIZE);
		put_generation(record, shard->generation);
		wrap_close(shard->key, slot_place(&place, shard, index + i, shard->generation), out[i].key, record + 4);
		buf_add(&records, record, sizeof(record));
	}
	fault_point("slots.write");
	error = write_at(shard->fd, records.p, records.len, slot_at(index));
	fault_point("slots.fdatasync");
	if (error == 0)
		error = shard_sync(shard);
	fault_point("slots.filled");
	buf_free(&records);
	buf_free(&place);
	return error;
}

static bool
is_zero(const uint8_t *p, size_t size)
{
	uint8_t any = 0;

	while (size > 0)
		any |= p[--size];
	return any == 0;
}

int
shard_get(struct shard *shard, uint32_t index, uint64_t generation, struct slot *out)
{
	uint8_t record[SHARD_SLOT_SIZE];
	struct buf place = { 0 };
	int error;

	if (index >= SHARD_SLOTS)
		return EINVAL;
	if ((error = read_at(shard->fd, record, sizeof(record), slot_at(index))) != 0)
		return error;
	if (is_zero(record + 4, WRAP_SIZE))
		return ENOENT;
	if (get_generation(record) != generation)
		return ESTALE;
	error = wrap_open(shard->key, slot_place(&place, shard, index, (uint32_t)generation),
	    record + 4, out->key);
	buf_free(&place);
	out->number = shard->number * SHARD_SLOTS + index;
	out->generation = generation;
	return error;
}

int
shard_erase(struct shard *shard, uint32_t index)
{
	static const uint8_t zero[WRAP_SIZE];

	if (index >= SHARD_SLOTS)
		return EINVAL;
	return write_at(shard->fd, zero, sizeof(zero), slot_at(index) + 4);
}

int
shard_sync(struct shard *shard)
{
	if (fault_error("shard.fdatasync"))
		return EIO;
	return fdatasync(shard->fd) != 0 ? errno : 0;
}

int
shard_first_free(struct shard *shard, uint32_t *index)
{
	uint8_t record[SHARD_SLOT_SIZE];
	int error;

	for (*index = 0; *index < SHARD_SLOTS; ++*index) {
		if ((error = read_at(shard->fd, record, sizeof(record), slot_at(*index))) != 0)
			return error;
		if (get_generation(record) == 0)
			return 0;
	}
	return 0;
}
