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
#include "store/keyfile.h"
#include "store/shard.h"

struct vault {
	int dir_fd;
	struct roots roots;
	uint8_t installation[HASH_SIZE];
	uint32_t generation;
	struct keyfile audit;
	uint8_t public_key[VAULT_PUBLIC_SIZE];
	EVP_PKEY *signer;
	bool is_new;
	struct shard open[VAULT_SHARDS_OPEN];
	size_t turn;		/* which to close next */
	uint64_t next;
};

/* Made with the vault's first start; missing later it is a loss to be told. */
static int
keyfile_get(struct vault *v, struct keyfile *file)
{
	int error = keyfile_load(file, v->dir_fd, &v->roots);

	if (error != ENOENT || v->next > 0)
		return error;
	v->is_new = true;
	roots_number(&v->roots);
	file->version = 1;
	hash_random(file->key, sizeof(file->key));
	return keyfile_save(file, v->dir_fd, &v->roots);
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
	error = shard_open(s, v->dir_fd, number, &v->roots);
	if (error == ENOENT && create)
		error = shard_create(s, v->dir_fd, number, &v->roots);
	s->generation = v->generation;
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

/* Steps that may be done twice; the marker goes last. */
static int
take_restored(struct vault *v, struct keyfile *installation)
{
	int error;

	if (faccessat(v->dir_fd, "restored", F_OK, 0) != 0)
		return 0;
	installation->version++;
	if ((error = keyfile_save(installation, v->dir_fd, &v->roots)) != 0 ||
	    (unlinkat(v->dir_fd, "signed", 0) != 0 && errno != ENOENT && (error = errno) != 0))
		return error;
	fault_point("keys.restored");
	return unlinkat(v->dir_fd, "restored", 0) != 0 || fsync(v->dir_fd) != 0 ? errno : 0;
}

static int
load_files(struct vault *v, struct keyfile *installation)
{
	int error;

	if ((error = find_next(v)) != 0 || (error = keyfile_get(v, installation)) != 0 ||
	    (error = keyfile_get(v, &v->audit)) != 0)
		return error;
	return take_restored(v, installation);
}

static int
load_keys(struct vault *v, const char *name)
{
	struct keyfile installation = { .purpose = "installation" };
	size_t size = VAULT_PUBLIC_SIZE;
	int error;

	v->audit.purpose = "audit";
	snprintf(v->audit.name, sizeof(v->audit.name), "%s", name);
	error = load_files(v, &installation);
	memcpy(v->installation, installation.key, HASH_SIZE);
	v->generation = installation.version;
	for (size_t i = 0; i < VAULT_SHARDS_OPEN; i++)
		v->open[i].generation = v->generation;	/* opened to find the end */
	explicit_bzero(&installation, sizeof(installation));
	if (error != 0)
		return error;
	roots_number(&v->roots);
	v->signer = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, v->audit.key, WRAP_KEY_SIZE);
	if (v->signer == NULL || !EVP_PKEY_get_raw_public_key(v->signer, v->public_key, &size))
		log_panic("libcrypto: Ed25519 failed");
	return 0;
}

static void
explain(const struct vault *v, const char *dir, int error, char why[256])
{
	char id[2 * ROOT_ID_SIZE + 1];

	hash_hex(v->roots.list[0].id, ROOT_ID_SIZE, id);
	if (error == ENOKEY)
		snprintf(why, 256, "%s/keys: made under another root key than the one given, whose id"
		    " is %s: give the root key that belongs to it", dir, id);
	else if (error == EBADMSG)
		snprintf(why, 256, "%s/keys: damaged: restore it from a backup, by mailtrictl keys"
		    " restore", dir);
	else
		snprintf(why, 256, "%s/keys: %s", dir, strerror(error));
}

struct vault *
vault_open(const struct vault_options *options, char why[256])
{
	struct vault *v = xcalloc(1, sizeof(*v));
	int error;

	mlock(v, sizeof(*v));	/* not into swap, as far as the limit allows */
	for (size_t i = 0; i < VAULT_SHARDS_OPEN; i++)
		v->open[i].fd = -1;
	if (roots_init(&v->roots, options->root) != 0)
		log_panic("root keys of %zu bytes", options->root.len);
	v->dir_fd = keys_directory(options->dir);
	error = v->dir_fd < 0 ? errno : load_keys(v, options->name);
	if (error == 0)
		return v;
	explain(v, options->dir, error, why);
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

int
vault_dir(const struct vault *v)
{
	return v->dir_fd;
}

const char *
vault_name(const struct vault *v)
{
	return v->audit.name;
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

uint32_t
vault_generation(const struct vault *v)
{
	return v->generation;
}

bool
vault_is_new(const struct vault *v)
{
	return v->is_new;
}

const struct root *
vault_root(const struct vault *v)
{
	return &v->roots.list[0];
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
