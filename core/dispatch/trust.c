/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of certificate authorities, each read the first time it is named. */
#include "dispatch/trust.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"

struct trust {
	struct trust *next;
	char *path;
	struct buf pem;
};

static struct trust *known;

static int
file_read(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	if (fd < 0)
		return errno;
	do {
		buf_reserve(out, 16384);
		n = read(fd, out->p + out->len, out->cap - out->len);
		out->len += n > 0 ? (size_t)n : 0;
	} while (n > 0 && out->len <= TRUST_FILE_MAX);
	close(fd);
	if (n == 0)
		return 0;
	buf_reset(out);
	return n < 0 ? errno : EFBIG;
}

struct mt_span
trust_find(const char *path)
{
	const char *name = path != NULL ? path : curl_version_info(CURLVERSION_NOW)->cainfo;
	struct trust *t;
	int error;

	if (name == NULL)
		return SPAN("");
	for (t = known; t != NULL; t = t->next)
		if (strcmp(t->path, name) == 0)
			return buf_span(&t->pem);
	t = xcalloc(1, sizeof(*t));
	t->path = xstrdup(name);
	error = file_read(name, &t->pem);
	if (error != 0)
		log_error("authorities in %s: %s: nobody they vouch for can be reached", name,
		    strerror(error));
	t->next = known;
	known = t;
	return buf_span(&t->pem);
}
