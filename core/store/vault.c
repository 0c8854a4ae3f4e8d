/* SPDX-License-Identifier: BSD-2-Clause */
/* The keys directory: shards, the installation's key, the signing key. */
#include "store/vault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/log.h"
#include "store/shard.h"

enum { ROOT_VERSION = 1, FILE_MAX = 1024, MAGIC_SIZE = 8 };

static const char magic[] = "mtwrap1\n";

struct vault {
	int dir_fd;
	struct shard_root root;
	uint8_t installation[HASH_SIZE];
	char name[VAULT_NAME_MAX + 1];
	uint8_t public_key[VAULT_PUBLIC_SIZE];
	EVP_PKEY *signer;
	struct shard open[VAULT_SHARDS_OPEN];
	size_t turn;		/* which to close next */
	uint64_t next;
};

/* One wrapped key in a file of its own: magic, u32 root version, name; all of
 * it and the purpose are its place. */
struct key_file {
	const char *purpose;	/* also the file's name */
	char name[VAULT_NAME_MAX + 1];
	uint8_t key[WRAP_KEY_SIZE];
};

static int
key_file_save(struct vault *v, const struct key_file *file)
{
	uint8_t wrapped[WRAP_SIZE];
	struct buf text = { 0 }, place = { 0 };
	char made[64];
	int fd, error = 0;

	buf_add(&text, magic, MAGIC_SIZE);
	pack_u32(&text, v->root.version);
	pack_string(&text, file->name);
	buf_add(&place, text.p, text.len);
	buf_add_string(&place, file->purpose);
	wrap_close(v->root.key, buf_span(&place), file->key, wrapped);
	buf_add(&text, wrapped, sizeof(wrapped));

	snprintf(made, sizeof(made), "%s.new", file->purpose);
	fd = openat(v->dir_fd, made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || write(fd, text.p, text.len) != (ssize_t)text.len || fsync(fd) != 0 ||
	    renameat(v->dir_fd, made, v->dir_fd, file->purpose) != 0 || fsync(v->dir_fd) != 0)
		error = errno != 0 ? errno : ENOSPC;
	if (fd >= 0)
		close(fd);
	buf_free(&text);
	buf_free(&place);
	return error;
}

static int
key_file_parse(struct vault *v, struct key_file *file, struct mt_span text)
{
	struct unpack u = unpack_of(text);
	struct buf place = { 0 };
	struct mt_span name, wrapped;
	int error;

	if (text.len < MAGIC_SIZE || memcmp(text.ptr, magic, MAGIC_SIZE) != 0)
		return EBADMSG;
	u.p += MAGIC_SIZE;
	if (unpack_u32(&u) != v->root.version)
		return EBADMSG;
	name = unpack_span(&u);
	wrapped = unpack_rest(&u);
	if (u.bad || name.len > VAULT_NAME_MAX || wrapped.len != WRAP_SIZE)
		return EBADMSG;
	buf_add(&place, text.ptr, text.len - WRAP_SIZE);
	buf_add_string(&place, file->purpose);
	error = wrap_open(v->root.key, buf_span(&place), (const uint8_t *)wrapped.ptr, file->key);
	buf_free(&place);
	memcpy(file->name, name.ptr, name.len);
	file->name[name.len] = '\0';
	return error;
}

static int
key_file_load(struct vault *v, struct key_file *file)
{
	int fd = openat(v->dir_fd, file->purpose, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[FILE_MAX];
	ssize_t n;

	if (fd < 0)
		return errno;
	n = read(fd, text, sizeof(text));
	close(fd);
	return n < 0 ? errno : key_file_parse(v, file, span_make(text, (size_t)n));
}

/* Made with the vault's first start; missing later it is a loss to be told. */
static int
key_file_get(struct vault *v, struct key_file *file)
{
	int error = key_file_load(v, file);

	if (error != ENOENT || v->next > 0)
		return error;
	hash_random(file->key, sizeof(file->key));
	return key_file_save(v, file);
}

/* Made where it is missing; its name outlives a power cut. */
static int
keys_directory(const char *state_dir)
{
	int parent, fd = -1;

	/* The engine makes it too; who comes first is open. */
	if (mkdir(state_dir, 0700) != 0 && errno != EEXIST)
		return -1;
	if ((parent = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return -1;
	if ((mkdirat(parent, "keys", 0700) == 0 || errno == EEXIST) && fsync(parent) == 0)
		fd = openat(parent, "keys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(parent);
	return fd;
}

/* The highest shard there is; -1: none. */
static int64_t
last_shard(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), used;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	unsigned long long number;
	struct dirent *entry;
	int64_t last = -1;

	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL) {
		used = 0;
		if (sscanf(entry->d_name, "shard-%12llx%n", &number, &used) == 1 &&
		    used == 18 && entry->d_name[used] == '\0' && (int64_t)number > last)
			last = (int64_t)number;
	}
	closedir(dir);
	return last;
}

/* A shard, kept open for the next time.  create: it may be new. */
static int
shard_of(struct vault *v, uint64_t number, bool create, struct shard **out)
{
	struct shard *s;
	int error;

	for (size_t i = 0; i < VAULT_SHARDS_OPEN; i++)
		if (v->open[i].fd >= 0 && v->open[i].number == number) {
			*out = &v->open[i];
			return 0;
		}
	s = &v->open[v->turn++ % VAULT_SHARDS_OPEN];
	shard_close(s);
	error = shard_open(s, v->dir_fd, number, &v->root);
	if (error == ENOENT && create)
		error = shard_create(s, v->dir_fd, number, &v->root);
	*out = s;
	return error;
}

/* Where numbering goes on: behind everything that was ever filled. */
static int
find_next(struct vault *v)
{
	int64_t last = last_shard(v->dir_fd);
	struct shard *shard;
	uint32_t index;
	int error;

	if (last < 0)
		return 0;
	if ((error = shard_of(v, (uint64_t)last, false, &shard)) != 0 ||
	    (error = shard_first_free(shard, &index)) != 0)
		return error;
	v->next = (uint64_t)last * SHARD_SLOTS + index;
	return 0;
}

static int
load_keys(struct vault *v, const char *name)
{
	struct key_file installation = { .purpose = "installation" }, audit = { .purpose = "audit" };
	size_t size = VAULT_PUBLIC_SIZE;
	int error;

	snprintf(audit.name, sizeof(audit.name), "%s", name);
	if ((error = find_next(v)) != 0 || (error = key_file_get(v, &installation)) != 0 ||
	    (error = key_file_get(v, &audit)) != 0)
		return error;
	memcpy(v->installation, installation.key, HASH_SIZE);
	memcpy(v->name, audit.name, sizeof(v->name));
	v->signer = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, audit.key, WRAP_KEY_SIZE);
	explicit_bzero(&installation, sizeof(installation));
	explicit_bzero(&audit, sizeof(audit));
	if (v->signer == NULL || !EVP_PKEY_get_raw_public_key(v->signer, v->public_key, &size))
		log_panic("libcrypto: Ed25519 failed");
	return 0;
}

struct vault *
vault_open(const struct vault_options *options, char why[256])
{
	struct vault *v = xcalloc(1, sizeof(*v));
	int error;

	mlock(v, sizeof(*v));	/* not into swap, as far as the limit allows */
	for (size_t i = 0; i < VAULT_SHARDS_OPEN; i++)
		v->open[i].fd = -1;
	if (options->root.len != WRAP_KEY_SIZE)
		log_panic("root key of %zu bytes", options->root.len);
	v->root.version = ROOT_VERSION;
	memcpy(v->root.key, options->root.ptr, WRAP_KEY_SIZE);
	v->dir_fd = keys_directory(options->dir);
	error = v->dir_fd < 0 ? errno : load_keys(v, options->name);
	if (error == 0)
		return v;
	if (error == EBADMSG)
		snprintf(why, 256, "%s/keys: damaged, or made under another root key: restore the"
		    " directory or the root key that belongs to it", options->dir);
	else
		snprintf(why, 256, "%s/keys: %s", options->dir, strerror(error));
	vault_close(v);
	return NULL;
}

void
vault_close(struct vault *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < VAULT_SHARDS_OPEN; i++)
		shard_close(&v->open[i]);
	EVP_PKEY_free(v->signer);
	if (v->dir_fd >= 0)
		close(v->dir_fd);
	explicit_bzero(v, sizeof(*v));
	free(v);
}

const uint8_t *
vault_installation(const struct vault *v)
{
	return v->installation;
}

const char *
vault_name(const struct vault *v)
{
	return v->name;
}

const uint8_t *
vault_public(const struct vault *v)
{
	return v->public_key;
}

uint64_t
vault_next(const struct vault *v)
{
	return v->next;
}

int
vault_fill(struct vault *v, uint32_t count, struct slot *out)
{
	if (count > VAULT_FILL_MAX)
		return EINVAL;
	while (count > 0) {
		uint32_t index = (uint32_t)(v->next % SHARD_SLOTS);
		uint32_t part = count < SHARD_SLOTS - index ? count : SHARD_SLOTS - index;
		struct shard *shard;
		int error = shard_of(v, v->next / SHARD_SLOTS, true, &shard);

		if (error == 0)
			error = shard_fill(shard, index, part, out);
		if (error != 0)
			return error;
		v->next += part;
		out += part;
		count -= part;
	}
	return 0;
}

int
vault_get(struct vault *v, uint64_t number, uint64_t generation, struct slot *out)
{
	struct shard *shard;
	int error;

	if (number >= v->next)
		return ENOENT;
	error = shard_of(v, number / SHARD_SLOTS, false, &shard);
	return error != 0 ? error : shard_get(shard, (uint32_t)(number % SHARD_SLOTS), generation, out);
}

static int
sync_all(struct vault *v)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < VAULT_SHARDS_OPEN; i++)
		if (v->open[i].fd >= 0)
			error = shard_sync(&v->open[i]);
	return error;
}

int
vault_erase(struct vault *v, const uint64_t *numbers, size_t count)
{
	size_t touched = 0;
	uint64_t last = UINT64_MAX;

	fault_point("erase.slots");
	for (size_t i = 0; i < count; i++) {
		struct shard *shard;
		int error = numbers[i] < v->next ? 0 : EINVAL;

		/* A shard that gives up its place in the cache must be synced first. */
		if (error == 0 && numbers[i] / SHARD_SLOTS != last && ++touched > VAULT_SHARDS_OPEN) {
			error = sync_all(v);
			touched = 1;
		}
		last = numbers[i] / SHARD_SLOTS;
		if (error == 0)
			error = shard_of(v, last, false, &shard);
		if (error == 0)
			error = shard_erase(shard, (uint32_t)(numbers[i] % SHARD_SLOTS));
		if (error != 0)
			return error;
	}
	fault_point("erase.fdatasync");
	return sync_all(v);
}

void
vault_sign(const struct vault *v, struct mt_span text, uint8_t out[VAULT_SIGNATURE_SIZE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t size = VAULT_SIGNATURE_SIZE;

	if (ctx == NULL || !EVP_DigestSignInit(ctx, NULL, NULL, NULL, v->signer) ||
	    !EVP_DigestSign(ctx, out, &size, (const unsigned char *)text.ptr, text.len))
		log_panic("libcrypto: Ed25519 failed");
	EVP_MD_CTX_free(ctx);
}
