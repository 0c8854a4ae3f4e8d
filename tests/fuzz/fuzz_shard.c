/* SPDX-License-Identifier: BSD-2-Clause */
/* A shard file with a valid header and slots somebody else wrote, or a header
 * somebody else wrote: no key comes out of it that was not put in. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/shard.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
scratch_directory(void)
{
	static char memory[] = "/dev/shm/mailtri-fuzz-XXXXXX", disk[] = "/tmp/mailtri-fuzz-XXXXXX";
	static int fd = -1;
	const char *path;

	if (fd >= 0)
		return fd;
	path = mkdtemp(memory) != NULL ? memory : mkdtemp(disk);
	if (path == NULL || (fd = open(path, O_RDONLY | O_DIRECTORY)) < 0)
		abort();
	return fd;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char root[WRAP_KEY_SIZE];
	int dir = scratch_directory();
	struct roots roots;
	struct shard shard;
	uint32_t index;
	struct slot slot;
	off_t at;

	if (size < 2 || size > SHARD_HEADER_SIZE)
		return 0;
	roots_init(&roots, span_make(root, sizeof(root)));
	roots_number(&roots);
	at = data[0] % 2 == 0 ? 0 : SHARD_HEADER_SIZE;
	if (shard_create(&shard, dir, 0, &roots) != 0)
		abort();
	if (pwrite(shard.fd, data + 1, size - 1, at) != (ssize_t)size - 1)
		abort();
	shard_close(&shard);
	if (shard_open(&shard, dir, 0, &roots) == 0) {
		if (shard_get(&shard, 0, 1, &slot) == 0)
			abort();
		shard_first_free(&shard, &index);
		shard_close(&shard);
	}
	return 0;
}
