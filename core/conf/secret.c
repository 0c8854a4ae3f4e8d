/* SPDX-License-Identifier: BSD-2-Clause */
/* The secrets of one role: read and packed by the master, received by the
 * role. */
#include "conf/secret.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/frame.h"
#include "base/log.h"
#include "base/proto.h"

enum { SECRET_BYTES_MIN = 8, NAME_MAX_BYTES = 512 };

void
secrets_pack_one(struct buf *b, const char *name, struct mt_span value)
{
	pack_string(b, name);
	pack_span(b, value);
}

static const char *
name_copy(struct mt_span name)
{
	char *copy = xcalloc(1, name.len + 1);

	return name.len == 0 ? copy : memcpy(copy, name.ptr, name.len);
}

/* The values borrow from s->bytes: one place to lock and to wipe. */
static int
secrets_parse(struct secrets *s)
{
	struct unpack u = unpack_of(buf_span(&s->bytes));

	s->list = xcalloc(s->bytes.len / SECRET_BYTES_MIN, sizeof(*s->list));
	while (u.p < u.end && !u.bad) {
		struct mt_span name = unpack_span(&u), value = unpack_span(&u);

		if (u.bad || memchr(name.ptr, '\0', name.len) != NULL)
			return EBADMSG;
		s->list[s->count++] = (struct secret){
			.name = name_copy(name), .value = value };
	}
	return u.bad ? EBADMSG : 0;
}

int
secrets_unpack(struct mt_span bytes, struct secrets **out)
{
	struct secrets *s = xcalloc(1, sizeof(*s));
	int error;

	buf_reserve(&s->bytes, bytes.len);
	if (mlock(s->bytes.p, s->bytes.cap) < 0)
		log_warning("secrets may be swapped (%s): raise LimitMEMLOCK",
		    strerror(errno));
	buf_add(&s->bytes, bytes.ptr, bytes.len);
	error = secrets_parse(s);
	if (error != 0) {
		secrets_free(s);
		s = NULL;
	}
	*out = s;
	return error;
}

void
secrets_free(struct secrets *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->count; i++)
		free((char *)(uintptr_t)s->list[i].name);
	free(s->list);
	buf_wipe(&s->bytes);
	free(s);
}

struct secrets *
secrets_receive(void)
{
	struct secrets *s;
	struct bytes bytes;
	int error = bytes_map(PROTO_SECRETS_FD, &bytes);

	if (error == 0) {
		error = secrets_unpack(bytes.span, &s);
		bytes_free(&bytes);
	}
	if (error != 0)
		log_fatal("no secrets on descriptor %d (%s): roles are started "
		    "by mailtrid", PROTO_SECRETS_FD, strerror(error));
	return s;
}

const struct secret *
secrets_find(const struct secrets *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->list[i].name, name) == 0)
			return &s->list[i];
	return NULL;
}

static int __attribute__((format(printf, 3, 4)))
refuse(char why[SECRET_WHY_MAX], int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, SECRET_WHY_MAX, fmt, ap);
	va_end(ap);
	return error;
}

static int
check_file(const char *path, int fd, bool root, char why[SECRET_WHY_MAX])
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return refuse(why, errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refuse(why, EINVAL, "%s: it is not a file", path);
	if ((st.st_mode & (S_IRWXO | S_IWGRP)) != 0)
		return refuse(why, EPERM, "%s: others may read or write it (mode "
		    "%04o): chmod 0400 it", path, (unsigned)st.st_mode & 07777);
	if (root && (st.st_mode & 07777) != S_IRUSR)
		return refuse(why, EPERM, "%s: the root key has mode %04o instead of "
		    "0400: chmod 0400 it", path, (unsigned)st.st_mode & 07777);
	if (root && st.st_uid != geteuid() && st.st_uid != 0)
		return refuse(why, EPERM, "%s: the root key belongs to user %u: chown "
		    "it to root", path, (unsigned)st.st_uid);
	if (st.st_size > SECRET_BYTES_MAX)
		return refuse(why, EFBIG, "%s: it is larger than %d bytes: it is no "
		    "secret", path, SECRET_BYTES_MAX);
	return 0;
}

static int
read_all(const char *path, int fd, struct buf *b, char why[SECRET_WHY_MAX])
{
	size_t room = SECRET_BYTES_MAX + 1;
	ssize_t n;

	buf_reserve(b, room);	/* never moved, so never left behind */
	do {
		n = read(fd, b->p + b->len, room);
		if (n < 0 && errno != EINTR)
			return refuse(why, errno, "%s: %s", path, strerror(errno));
		b->len += n > 0 ? (size_t)n : 0;
		room -= n > 0 ? (size_t)n : 0;
	} while (n != 0 && room > 0);
	return 0;
}

/* Public files are just read, the others checked for who else may. */
enum access { PUBLIC, PRIVATE, ROOT_KEY };

static const char *
open_remedy(int error)
{
	return error == ENOENT ? "make the file, or name the one that is meant" :
	    error == EACCES ? "let mailtrid's user read it" :
	    error == ENOTDIR || error == ELOOP ? "name the file itself" :
	    "look at its file system";
}

static int
load_path(const char *path, enum access access, struct buf *b, char why[SECRET_WHY_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), error;

	if (fd < 0)
		return refuse(why, errno, "%s: %s: %s", path, strerror(errno),
		    open_remedy(errno));
	error = access != PUBLIC ? check_file(path, fd, access == ROOT_KEY, why) : 0;
	if (error == 0)
		error = read_all(path, fd, b, why);
	close(fd);
	if (error == 0 && b->len > SECRET_BYTES_MAX)
		error = refuse(why, EFBIG, "%s: it is larger than %d bytes", path,
		    SECRET_BYTES_MAX);
	return error;
}

/* systemd made the file for us alone; its mode says nothing more. */
static int
load_credential(const char *name, struct buf *b, char why[SECRET_WHY_MAX])
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX];

	if (dir == NULL)
		return refuse(why, ENOTDIR, "credential:%s: there is no "
		    "$CREDENTIALS_DIRECTORY: start mailtrid by systemd with "
		    "LoadCredential=%s:/path", name, name);
	if (strchr(name, '/') != NULL ||
	    snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return refuse(why, EINVAL, "credential:%s: no such name", name);
	return load_path(path, PUBLIC, b, why);
}

static int
load_reference(const char *reference, enum access access, struct buf *b, char why[SECRET_WHY_MAX])
{
	if (strncmp(reference, "file:/", 6) == 0)
		return load_path(reference + 5, access, b, why);
	if (strncmp(reference, "credential:", 11) == 0)
		return load_credential(reference + 11, b, why);
	return refuse(why, EINVAL, "a secret is named by \"file:/path\" or "
	    "\"credential:name\"");
}

int
secret_load(const char *reference, struct buf *b, char why[SECRET_WHY_MAX])
{
	int error = load_reference(reference, PRIVATE, b, why);

	if (error == 0 && b->len > 0 && b->p[b->len - 1] == '\n')
		b->len--;
	if (error == 0 && b->len == 0)
		error = refuse(why, EINVAL, "%s: it is empty", reference);
	return error;
}

static int
hex_digit(unsigned char c)
{
	return isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : -1;
}

/* 32 bytes as they are, or as 64 hex digits and a newline. */
static int
root_decode(struct buf *b)
{
	if (b->len == SECRET_ROOT_BYTES)
		return 0;
	if (b->len == 2 * SECRET_ROOT_BYTES + 1 && b->p[b->len - 1] == '\n')
		b->len--;
	if (b->len != 2 * SECRET_ROOT_BYTES)
		return EINVAL;
	for (size_t i = 0; i < SECRET_ROOT_BYTES; i++) {
		int high = hex_digit(b->p[2 * i]), low = hex_digit(b->p[2 * i + 1]);

		if (high < 0 || low < 0)
			return EINVAL;
		b->p[i] = (unsigned char)(high << 4 | low);
	}
	b->len = SECRET_ROOT_BYTES;
	return 0;
}

/* A lost key must not be replaced: what it wrapped would be lost in silence. */
static int
check_state_is_new(const char *dir, char why[SECRET_WHY_MAX])
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	int error = 0;

	if (d == NULL)
		return refuse(why, errno, "%s: %s", dir, strerror(errno));
	while (error == 0 && (e = readdir(d)) != NULL)
		if (e->d_type == DT_REG)
			error = refuse(why, ENOKEY, "%s/keys/root is gone, but %s has "
			    "mail under it: restore the key from the backup", dir,
			    dir);
	closedir(d);
	return error;
}

static int
write_synced(int fd, const char *text, size_t len)
{
	if (write(fd, text, len) != (ssize_t)len)
		return errno == 0 ? EIO : errno;
	return fsync(fd) < 0 ? errno : 0;
}

static int
directory_sync(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = 0;

	if (fd < 0 || fsync(fd) < 0)
		error = errno;
	if (fd >= 0)
		close(fd);
	return error;
}

/* Written whole under another name, then linked: never half a key, never two. */
static int
root_write(const char *dir, const char *path)
{
	unsigned char key[SECRET_ROOT_BYTES];
	char text[2 * SECRET_ROOT_BYTES + 2], tmp[PATH_MAX];
	int fd, error;

	if (getrandom(key, sizeof(key), 0) != sizeof(key) ||
	    snprintf(tmp, sizeof(tmp), "%s/root.new", dir) >= (int)sizeof(tmp))
		return EIO;
	for (size_t i = 0; i < sizeof(key); i++)
		snprintf(text + 2 * i, 3, "%02x", key[i]);
	text[sizeof(text) - 2] = '\n';
	unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	error = fd < 0 ? errno : write_synced(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (error == 0 && link(tmp, path) < 0)
		error = errno;
	unlink(tmp);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(text, sizeof(text));
	return error == 0 ? directory_sync(dir) : error;
}

static int
root_make(const char *state_dir, char why[SECRET_WHY_MAX])
{
	char dir[PATH_MAX - 16], path[PATH_MAX], other[PATH_MAX];
	int error = check_state_is_new(state_dir, why);

	if (error != 0)
		return error;
	if (snprintf(dir, sizeof(dir), "%s/keys", state_dir) >= (int)sizeof(dir))
		return refuse(why, ENAMETOOLONG, "%.128s: too long", state_dir);
	snprintf(path, sizeof(path), "%s/root", dir);
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return refuse(why, errno, "%s: %s", dir, strerror(errno));
	snprintf(other, sizeof(other), "%s/installation", dir);
	if (access(other, F_OK) == 0)
		return refuse(why, ENOKEY, "%s is gone, but there are keys under it: put "
		    "it back from where its copy is kept, with mode 0400", path);
	error = root_write(dir, path);
	if (error == 0)
		error = directory_sync(state_dir);
	if (error != 0 && error != EEXIST)
		return refuse(why, error, "%s: %s", path, strerror(error));
	log_info("made the root key %s: back it up, apart from the mail", path);
	return 0;
}

static int
load_or_make_root(const char *state_dir, struct buf *b, char why[SECRET_WHY_MAX])
{
	char path[PATH_MAX];
	int error;

	if (snprintf(path, sizeof(path), "%s/keys/root", state_dir) >= (int)sizeof(path))
		return refuse(why, ENAMETOOLONG, "%.128s: too long", state_dir);
	error = load_path(path, ROOT_KEY, b, why);
	if (error != ENOENT)
		return error;
	error = root_make(state_dir, why);
	return error == 0 ? load_path(path, ROOT_KEY, b, why) : error;
}

int
secret_load_root(const struct settings *s, struct buf *b, char why[SECRET_WHY_MAX])
{
	int error = s->root_key != NULL ? load_reference(s->root_key, ROOT_KEY, b, why) :
	    load_or_make_root(s->state_dir, b, why);

	if (error == 0 && root_decode(b) != 0)
		error = refuse(why, EINVAL, "%s: the root key must be %d bytes, or "
		    "twice as many hex digits: make one by `openssl rand -hex %d'",
		    s->root_key == NULL ? "keys/root" : s->root_key,
		    SECRET_ROOT_BYTES, SECRET_ROOT_BYTES);
	return error;
}

static void
pack_wiped(struct buf *out, const char *name, struct buf *value)
{
	secrets_pack_one(out, name, buf_span(value));
	buf_wipe(value);
}

static int
pack_front(const struct settings *s, struct buf *out, char why[SECRET_WHY_MAX])
{
	struct buf certificate = { 0 }, key = { 0 };
	char name[32];
	int error = 0;

	for (size_t i = 0; i < s->tls_count && error == 0; i++) {
		error = load_path(s->tls_certificates[i], PUBLIC, &certificate, why);
		if (error == 0)
			error = load_path(s->tls_keys[i], PRIVATE, &key, why);
		snprintf(name, sizeof(name), "tls.cert.%zu", i);
		pack_wiped(out, name, &certificate);
		snprintf(name, sizeof(name), "tls.key.%zu", i);
		pack_wiped(out, name, &key);
	}
	return error;
}

static int
pack_keys(const struct settings *s, struct buf *out, char why[SECRET_WHY_MAX])
{
	struct buf b = { 0 };
	int error = secret_load_root(s, &b, why);

	if (error == 0)
		secrets_pack_one(out, "root", buf_span(&b));
	buf_wipe(&b);
	return error;
}

static int
pack_set(const struct setting_stage *stage, const struct setting_options *set,
    struct buf *out, char why[SECRET_WHY_MAX])
{
	char name[NAME_MAX_BYTES];
	int error = 0;

	for (size_t i = 0; i < stage->descriptor.option_count && error == 0; i++) {
		const struct mt_option *o = &stage->descriptor.options[i];
		struct buf b = { 0 };

		if (o->type != MT_OPT_SECRET || set->values[i].list == NULL)
			continue;
		snprintf(name, sizeof(name), "%s.%s.%s", stage->name,
		    set->route == NULL ? "" : set->route, o->name);
		error = secret_load(set->values[i].list[0], &b, why);
		if (error == 0)
			secrets_pack_one(out, name, buf_span(&b));
		buf_wipe(&b);
	}
	return error;
}

static int
pack_group(const struct settings *s, const char *group, struct buf *out,
    char why[SECRET_WHY_MAX])
{
	int error = 0;

	for (size_t i = 0; i < s->stage_count && error == 0; i++)
		for (size_t j = 0; j < s->stages[i].option_sets && error == 0; j++)
			if (strcmp(s->stages[i].group, group) == 0)
				error = pack_set(&s->stages[i],
				    &s->stages[i].options[j], out, why);
	return error;
}

int
secret_pack_role(const struct settings *s, const char *role, const char *group,
    struct buf *out, char why[SECRET_WHY_MAX])
{
	if (strcmp(role, "front") == 0)
		return pack_front(s, out, why);
	if (strcmp(role, "keys") == 0)
		return pack_keys(s, out, why);
	return group == NULL ? 0 : pack_group(s, group, out, why);
}

/* Not a secret, but read as one: certificates go the same way. */
int
secret_try_file(const char *path, bool private, char why[SECRET_WHY_MAX])
{
	struct buf b = { 0 };
	int error = load_path(path, private ? PRIVATE : PUBLIC, &b, why);

	buf_wipe(&b);
	return error;
}
