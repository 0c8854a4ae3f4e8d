/* SPDX-License-Identifier: BSD-2-Clause */
/* Copying, hashing, holding. */
#include "ctl/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/log.h"

enum { PIECE = 256 * 1024 };

static int
write_all(int fd, const char *p, size_t left)
{
	while (left > 0) {
		ssize_t n = write(fd, p, left);

		if (n < 0 && errno != EINTR)
			return errno;
		p += n > 0 ? n : 0;
		left -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Everything through the digest, piece by piece. */
static int
copy_pieces(int in, int out, uint64_t size, struct manifest_entry *e, EVP_MD_CTX *digest)
{
	char *piece = xcalloc(1, PIECE);
	int error = 0;

	for (e->size = 0; error == 0 && e->size < size; ) {
		size_t want = size - e->size < PIECE ? (size_t)(size - e->size) : PIECE;
		ssize_t n = read(in, piece, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			error = errno;
		if (n == 0)
			error = size == UINT64_MAX ? 0 : ENODATA;
		if (n <= 0)
			break;
		EVP_DigestUpdate(digest, piece, (size_t)n);
		e->size += (uint64_t)n;
		if (out >= 0)
			error = write_all(out, piece, (size_t)n);
	}
	free(piece);
	return error;
}

int
backup_copy(int in, int out, uint64_t size, struct manifest_entry *e)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	int error;

	if (digest == NULL || !EVP_DigestInit_ex(digest, EVP_sha256(), NULL))
		log_panic("libcrypto: SHA-256 failed");
	error = copy_pieces(in, out, size, e, digest);
	EVP_DigestFinal_ex(digest, e->hash, NULL);
	EVP_MD_CTX_free(digest);
	return error;
}

int
backup_copy_file(int in_dir, int out_dir, struct manifest_entry *e)
{
	int in = openat(in_dir, e->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), out, error;

	if (in < 0)
		return errno;
	out = openat(out_dir, e->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	error = out < 0 ? errno : backup_copy(in, out, UINT64_MAX, e);
	if (error == 0 && fsync(out) != 0)
		error = errno;
	if (out >= 0)
		close(out);
	close(in);
	return error;
}

int
backup_compare(const struct manifest_entry *said, const struct manifest_entry *got)
{
	return said->size == got->size && memcmp(said->hash, got->hash, HASH_SIZE) == 0 ? 0 : EBADMSG;
}

int
backup_make_owned(struct context *c, int dir, const char *name, bool directory)
{
	const char *user = c->settings->user;
	const struct passwd *pw;

	if (directory && mkdirat(dir, name, 0700) != 0 && errno != EEXIST)
		return errno;
	if (geteuid() != 0 || user == NULL)
		return 0;
	if ((pw = getpwnam(user)) == NULL)
		return ENOENT;
	return fchownat(dir, name, pw->pw_uid, pw->pw_gid, AT_SYMLINK_NOFOLLOW) != 0 ? errno : 0;
}

int
backup_hold_state(struct context *c)
{
	const struct settings *s = context_settings(c);
	struct stat st;
	int fd, error = 0;

	if (s == NULL)
		return -1;
	if (stat(s->state_dir, &st) != 0 && errno == ENOENT)
		error = backup_make_owned(c, AT_FDCWD, s->state_dir, true);
	fd = error != 0 ? -1 : open(s->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	error = error != 0 ? error : errno;
	command_error("%s: %s", s->state_dir, error == EWOULDBLOCK ?
	    "mailtrid is running on it: stop it first" : strerror(error));
	if (fd >= 0)
		close(fd);
	return -1;
}

void
backup_now(char out[32])
{
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}
