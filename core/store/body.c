/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies as files: never seen under their name before they are complete. */
#include "store/body.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "store/private.h"

enum { NAME_SIZE = 64 };

/* The event id becomes a file name: nothing but what ids are made of. */
static void
check_event(const char *event)
{
	size_t n = strspn(event, "abcdefghijklmnopqrstuvwxyz0123456789_");

	if (n == 0 || event[n] != '\0' || n >= NAME_SIZE - sizeof(".new"))
		log_panic("not an event id");
}

static void
write_all(int fd, struct mt_span bytes, const char *name)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			store_fail("write", name);
		bytes.ptr += n;
		bytes.len -= (size_t)n;
	}
}

bool
body_write(struct store *s, const char *event, struct mt_span sealed)
{
	int dir = store_bodies_fd(s), fd;
	char name[NAME_SIZE];

	check_event(event);
	if (dir < 0)
		return false;
	snprintf(name, sizeof(name), "%s.new", event);
	fault_point("body.write");
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		store_fail("create", name);
	write_all(fd, sealed, name);
	fault_point("body.fdatasync");
	if (fault_error("body.fdatasync") || fdatasync(fd) != 0)
		store_fail("fdatasync", name);
	close(fd);
	fault_point("body.rename");
	if (renameat(dir, name, dir, event) != 0)
		store_fail("rename", name);
	store_bodies_changed(s);
	return true;
}

int
body_read(struct store *s, const char *event, struct buf *out)
{
	int fd, error = 0;
	struct stat st;
	ssize_t n = 0;

	check_event(event);
	fd = openat(store_bodies_fd(s), event, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		error = EIO;
	else
		buf_reserve(out, (size_t)st.st_size);
	for (size_t left = error == 0 ? (size_t)st.st_size : 0; left > 0; left -= (size_t)n) {
		n = read(fd, out->p + out->len, left);
		if (n <= 0) {
			error = EIO;
			break;
		}
		out->len += (size_t)n;
	}
	close(fd);
	return error;
}

void
body_remove(struct store *s, const char *event)
{
	check_event(event);
	if (store_bodies_fd(s) < 0)
		return;
	if (unlinkat(store_bodies_fd(s), event, 0) != 0 && errno != ENOENT)
		store_fail("unlink", event);
	store_bodies_changed(s);
}

size_t
body_sweep(struct store *s, bool (*is_kept)(struct store *, const char *event))
{
	int fd = store_bodies_fd(s) < 0 ? -1 : openat(store_bodies_fd(s), ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	size_t swept = 0;
	DIR *dir;

	if (fd < 0)
		return 0;
	if ((dir = fdopendir(fd)) == NULL)
		store_fail("read", "bodies");
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || is_kept(s, entry->d_name))
			continue;
		if (unlinkat(fd, entry->d_name, 0) != 0)
			store_fail("unlink", entry->d_name);
		swept++;
	}
	closedir(dir);
	return swept;
}
