/* SPDX-License-Identifier: BSD-2-Clause */
/* Single wrapped keys in files. */
#include "store/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { MAGIC_SIZE = 8, MADE_SIZE = 64 };

static const char magic[] = "mtwrap2\n";

static int
write_synced(int fd, struct mt_span text)
{
	ssize_t n = write(fd, text.ptr, text.len);

	if (n != (ssize_t)text.len)
		return n < 0 ? errno : ENOSPC;
	return fsync(fd) != 0 ? errno : 0;
}

int
keyfile_replace(int dir_fd, const char *name, struct mt_span text)
{
	char made[MADE_SIZE];
	int fd, error;

	snprintf(made, sizeof(made), "%s.new", name);
	fd = openat(dir_fd, made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return errno;
	error = write_synced(fd, text);
	close(fd);
	if (error == 0 && (renameat(dir_fd, made, dir_fd, name) != 0 || fsync(dir_fd) != 0))
		error = errno;
	return error;
}

static void
place_of(struct buf *place, const struct keyfile *file, struct mt_span head)
{
	buf_add(place, head.ptr, head.len);
	buf_add_string(place, file->purpose);
}

int
keyfile_save(const struct keyfile *file, int dir_fd, const struct roots *roots)
{
	struct buf text = { 0 }, place = { 0 };
	int error;

	buf_add(&text, magic, MAGIC_SIZE);
	pack_u32(&text, file->version);
	pack_string(&text, file->name);
	place_of(&place, file, buf_span(&text));
	roots_close(roots, buf_span(&place), file->key, &text);
	error = keyfile_replace(dir_fd, file->purpose, buf_span(&text));
	buf_free(&text);
	buf_free(&place);
	return error;
}

int
keyfile_parse(struct keyfile *file, struct roots *roots, struct mt_span text)
{
	struct unpack u = unpack_of(text);
	struct buf place = { 0 };
	struct mt_span name;
	int error;

	if (text.len < MAGIC_SIZE || memcmp(text.ptr, magic, MAGIC_SIZE) != 0)
		return EBADMSG;
	u.p += MAGIC_SIZE;
	file->version = unpack_u32(&u);
	name = unpack_span(&u);
	if (u.bad || name.len > KEYFILE_NAME_MAX || memchr(name.ptr, '\0', name.len) != NULL)
		return EBADMSG;
	place_of(&place, file, span_make(text.ptr, (size_t)((const char *)u.p - text.ptr)));
	error = roots_open(roots, buf_span(&place), &u, file->key);
	buf_free(&place);
	if (error == 0 && !unpack_done(&u))
		error = EBADMSG;
	if (error != 0)
		return error;
	memcpy(file->name, name.ptr, name.len);
	file->name[name.len] = '\0';
	return 0;
}

int
keyfile_load(struct keyfile *file, int dir_fd, struct roots *roots)
{
	int fd = openat(dir_fd, file->purpose, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[KEYFILE_SIZE_MAX + 1];
	ssize_t n;

	if (fd < 0)
		return errno;
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n < 0)
		return errno;
	return n > KEYFILE_SIZE_MAX ? EBADMSG :
	    keyfile_parse(file, roots, span_make(text, (size_t)n));
}
