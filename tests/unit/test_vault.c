/* SPDX-License-Identifier: BSD-2-Clause */
/* The keys directory: numbers are given once, erased is erased, damage and
 * swaps are found, and no key lies there in clear. */
#include <errno.h>
#include <fcntl.h>

#include "audit/note.h"
#include "store/keyfile.h"
#include "store/shard.h"
#include "store/vault.h"
#include "store_world.h"

static const uint8_t root[WRAP_KEY_SIZE] = { 1, 2, 3, 4, 5 };

static struct vault *
vault_in(const char *dir, const uint8_t *with, char why[256])
{
	struct vault_options options = { .dir = dir, .root = span_make(with, WRAP_KEY_SIZE),
		.name = "mx.example.com" };

	why[0] = '\0';
	return vault_open(&options, why);
}

static int
setup(void **state)
{
	char *dir = malloc(256);

	scratch_make(dir);
	*state = dir;
	return 0;
}

static int
teardown(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

static void
test_numbers(void **state)
{
	struct slot slots[VAULT_FILL_MAX], again;
	char why[256];
	struct vault *v = vault_in(*state, root, why);
	uint64_t expected = 0;

	assert_non_null(v);
	assert_int_equal(vault_next(v), 0);
	assert_int_equal(vault_fill(v, VAULT_FILL_MAX + 1, slots), EINVAL);
	while (expected < SHARD_SLOTS + 1) {	/* over the end of a shard */
		assert_int_equal(vault_fill(v, 250, slots), 0);
		for (int i = 0; i < 250; i++)
			assert_int_equal(slots[i].number, expected++);
	}
	assert_int_equal(vault_get(v, slots[249].number, 1, &again), 0);
	assert_memory_equal(again.key, slots[249].key, SEAL_KEY_SIZE);
	vault_close(v);

	v = vault_in(*state, root, why);
	assert_int_equal(vault_next(v), expected);
	assert_int_equal(vault_get(v, slots[3].number, 1, &again), 0);
	assert_memory_equal(again.key, slots[3].key, SEAL_KEY_SIZE);
	assert_int_equal(vault_get(v, slots[3].number, 2, &again), ESTALE);
	assert_int_equal(vault_get(v, expected, 1, &again), ENOENT);
	vault_close(v);
}

static void
test_erase(void **state)
{
	uint64_t some[] = { 3, 1, 3 }, future = 99;
	struct slot slots[4], again;
	char why[256];
	struct vault *v = vault_in(*state, root, why);

	assert_int_equal(vault_fill(v, 4, slots), 0);
	assert_int_equal(vault_erase(v, &future, 1), EINVAL);
	assert_int_equal(vault_erase(v, some, 3), 0);
	vault_close(v);
	v = vault_in(*state, root, why);
	assert_int_equal(vault_get(v, 3, 1, &again), ENOENT);
	assert_int_equal(vault_get(v, 1, 1, &again), ENOENT);
	assert_int_equal(vault_get(v, 2, 1, &again), 0);
	assert_int_equal(vault_next(v), 4);	/* the last one is erased, not free */
	vault_close(v);
}

static struct vault *
vault_with(const char *dir, struct mt_span roots, char why[256])
{
	struct vault_options options = { .dir = dir, .root = roots, .name = "mx.example.com" };

	why[0] = '\0';
	return vault_open(&options, why);
}

/* What a root's replacement writes: every file under both, opened by either
 * alone, and by a third by none. */
static void
test_two_roots(void **state)
{
	uint8_t both[2 * WRAP_KEY_SIZE], *new = both, *old = both + WRAP_KEY_SIZE, third[32] = { 3 };
	uint8_t old_id[ROOT_ID_SIZE];
	struct slot slot, again;
	char why[256], path[300];
	struct vault *v;

	memset(new, 'n', WRAP_KEY_SIZE);
	memcpy(old, root, WRAP_KEY_SIZE);
	root_id(old, old_id);
	v = vault_in(*state, root, why);
	assert_int_equal(vault_root(v)->version, 1);
	assert_memory_equal(vault_root(v)->id, old_id, ROOT_ID_SIZE);
	vault_close(v);
	/* The old one's files are read by a vault that has both, and what it
	 * writes has two root versions. */
	v = vault_with(*state, span_make(both, sizeof(both)), why);
	assert_non_null(v);
	assert_int_equal(vault_root(v)->version, 2);
	assert_int_equal(vault_fill(v, 1, &slot), 0);
	vault_close(v);
	snprintf(path, sizeof(path), "%s/keys/installation", (char *)*state);
	assert_int_equal(unlink(path), 0);	/* of the old root alone */
	for (int i = 0; i < 2; i++) {
		struct shard shard = { .fd = -1 };
		struct roots roots;
		int dir;

		snprintf(path, sizeof(path), "%s/keys", (char *)*state);
		dir = open(path, O_RDONLY | O_DIRECTORY);
		assert_int_equal(roots_init(&roots, span_make(i == 0 ? new : old, WRAP_KEY_SIZE)), 0);
		assert_int_equal(shard_open(&shard, dir, 0, &roots), 0);
		assert_int_equal(roots.list[0].version, i == 0 ? 2 : 1);
		assert_int_equal(shard_get(&shard, 0, 1, &again), 0);
		assert_memory_equal(again.key, slot.key, SEAL_KEY_SIZE);
		shard_close(&shard);
		assert_int_equal(roots_init(&roots, span_make(third, WRAP_KEY_SIZE)), 0);
		assert_int_equal(shard_open(&shard, dir, 0, &roots), ENOKEY);
		close(dir);
	}
}

static void
test_root_limits(void **state)
{
	static const uint8_t key[WRAP_KEY_SIZE] = { 9 };
	uint8_t keys[(ROOTS_MAX + 1) * WRAP_KEY_SIZE], out[WRAP_KEY_SIZE];
	struct roots roots;
	struct buf table = { 0 };
	struct unpack u;

	(void)state;
	for (size_t i = 0; i < sizeof(keys); i++)
		keys[i] = (uint8_t)(i / WRAP_KEY_SIZE + 1);
	assert_int_equal(roots_init(&roots, span_make(keys, 0)), EINVAL);
	assert_int_equal(roots_init(&roots, span_make(keys, WRAP_KEY_SIZE - 1)), EINVAL);
	assert_int_equal(roots_init(&roots, span_make(keys, sizeof(keys))), EINVAL);
	assert_int_equal(roots_init(&roots, span_make(keys, ROOTS_MAX * WRAP_KEY_SIZE)), 0);
	roots_number(&roots);
	roots_close(&roots, SPAN("here"), key, &table);
	assert_int_equal(table.len, ROOT_TABLE_MAX);
	u = unpack_of(buf_span(&table));
	assert_int_equal(roots_open(&roots, SPAN("here"), &u, out), 0);
	assert_true(unpack_done(&u));
	assert_memory_equal(out, key, sizeof(key));
	u = unpack_of(buf_span(&table));
	assert_int_equal(roots_open(&roots, SPAN("there"), &u, out), EBADMSG);
	u = unpack_of(span_make(table.p, table.len - 1));
	assert_int_equal(roots_open(&roots, SPAN("here"), &u, out), EBADMSG);
	for (uint32_t count = 0; count <= ROOTS_MAX + 1; count += ROOTS_MAX + 1) {
		table.p[0] = (unsigned char)count;
		buf_add(&table, table.p + 4, ROOT_ENTRY_SIZE);
		u = unpack_of(buf_span(&table));
		assert_int_equal(roots_open(&roots, SPAN("here"), &u, out), EBADMSG);
	}
	buf_free(&table);
}

/* More shards than are kept open, erased all over: nothing is lost on the way. */
static void
test_many_shards(void **state)
{
	enum { SHARDS = VAULT_SHARDS_OPEN + 1 };
	struct slot slots[VAULT_FILL_MAX], again;
	uint64_t first[2 * SHARDS];
	char why[256];
	struct vault *v = vault_in(*state, root, why);

	for (int i = 0; i < SHARDS * SHARD_SLOTS / VAULT_FILL_MAX; i++)
		assert_int_equal(vault_fill(v, VAULT_FILL_MAX, slots), 0);
	assert_int_equal(vault_next(v), SHARDS * SHARD_SLOTS);
	for (uint64_t i = 0; i < SHARDS; i++) {	/* there and back */
		first[i] = i * SHARD_SLOTS;
		first[2 * SHARDS - 1 - i] = i * SHARD_SLOTS + 1;
	}
	assert_int_equal(vault_erase(v, first, 2 * SHARDS), 0);
	vault_close(v);
	v = vault_in(*state, root, why);
	for (uint64_t i = 0; i < SHARDS; i++) {
		assert_int_equal(vault_get(v, i * SHARD_SLOTS, 1, &again), ENOENT);
		assert_int_equal(vault_get(v, i * SHARD_SLOTS + 1, 1, &again), ENOENT);
		assert_int_equal(vault_get(v, i * SHARD_SLOTS + 2, 1, &again), 0);
	}
	vault_close(v);
}

static void
test_name_limit(void **state)
{
	char name[VAULT_NAME_MAX + 2], why[256];
	struct vault_options options = { .dir = *state, .root = span_make(root, WRAP_KEY_SIZE),
		.name = name };
	struct keyfile file = { .purpose = "audit" };
	struct roots roots;
	struct buf text = { 0 };
	struct vault *v;

	memset(name, 'n', sizeof(name));
	name[VAULT_NAME_MAX] = '\0';
	v = vault_open(&options, why);
	assert_non_null(v);
	assert_string_equal(vault_name(v), name);
	vault_close(v);
	buf_add_string(&text, "mtwrap2\n");
	pack_u32(&text, 1);
	name[VAULT_NAME_MAX] = 'n';
	pack_span(&text, span_make(name, VAULT_NAME_MAX + 1));
	assert_int_equal(roots_init(&roots, span_make(root, WRAP_KEY_SIZE)), 0);
	assert_int_equal(keyfile_parse(&file, &roots, buf_span(&text)), EBADMSG);
	buf_free(&text);
}

static int
shard_file(const char *dir)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/keys/shard-000000000000", dir);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	return fd;
}

static void
test_damage(void **state)
{
	uint8_t a[SHARD_SLOT_SIZE], b[SHARD_SLOT_SIZE], byte;
	struct slot slots[2], again;
	char why[256];
	struct vault *v = vault_in(*state, root, why);
	int fd;

	assert_int_equal(vault_fill(v, 2, slots), 0);
	fd = shard_file(*state);
	for (off_t at = SHARD_HEADER_SIZE; at < SHARD_HEADER_SIZE + SHARD_SLOT_SIZE; at++) {
		int error;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		error = vault_get(v, 0, 1, &again);
		assert_true(error == EBADMSG || error == ESTALE);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	assert_int_equal(vault_get(v, 0, 1, &again), 0);
	assert_int_equal(pread(fd, a, sizeof(a), SHARD_HEADER_SIZE), sizeof(a));
	assert_int_equal(pread(fd, b, sizeof(b), SHARD_HEADER_SIZE + SHARD_SLOT_SIZE), sizeof(b));
	assert_int_equal(pwrite(fd, b, sizeof(b), SHARD_HEADER_SIZE), sizeof(b));
	assert_int_equal(vault_get(v, 0, 1, &again), EBADMSG);
	assert_int_equal(pwrite(fd, a, sizeof(a), SHARD_HEADER_SIZE), sizeof(a));
	vault_close(v);

	for (off_t at = 0; at < 24 + ROOT_ENTRY_SIZE; at++) {
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 1;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		assert_null(vault_in(*state, root, why));
		byte ^= 1;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	v = vault_in(*state, root, why);
	assert_non_null(v);
	vault_close(v);
	close(fd);
}

static void
test_refused(void **state)
{
	uint8_t other[WRAP_KEY_SIZE] = { 9 };
	char why[256], path[300];
	struct vault *v = vault_in(*state, root, why);
	struct slot one;

	assert_int_equal(vault_fill(v, 1, &one), 0);
	vault_close(v);
	assert_null(vault_in(*state, other, why));
	assert_non_null(strstr(why, "root key"));
	snprintf(path, sizeof(path), "%s/keys/audit", (char *)*state);
	assert_int_equal(unlink(path), 0);
	assert_null(vault_in(*state, root, why));	/* a lost signing key is not made anew */
}

static void
test_sign(void **state)
{
	struct buf vkey = { 0 };
	uint8_t signature[VAULT_SIGNATURE_SIZE];
	struct note_key key = { .name = "mx.example.com" }, parsed;
	char why[256];
	struct vault *v = vault_in(*state, root, why);

	memcpy(key.public_key, vault_public(v), NOTE_KEY_SIZE);
	vault_sign(v, SPAN("text\n"), signature);
	assert_true(note_is_signed(&key, SPAN("text\n"), signature));
	assert_false(note_is_signed(&key, SPAN("test\n"), signature));
	vault_close(v);
	v = vault_in(*state, root, why);	/* the same key after a restart */
	assert_memory_equal(key.public_key, vault_public(v), NOTE_KEY_SIZE);
	assert_string_equal(vault_name(v), "mx.example.com");
	note_key_format(&key, &vkey);
	assert_int_equal(note_key_parse(buf_span(&vkey), &parsed), 0);
	assert_memory_equal(parsed.public_key, key.public_key, NOTE_KEY_SIZE);
	for (size_t i = 0; i < vkey.len; i++) {
		vkey.p[i] ^= 1;
		assert_int_equal(note_key_parse(buf_span(&vkey), &parsed), EBADMSG);
		vkey.p[i] ^= 1;
	}
	vault_close(v);
	buf_free(&vkey);
}

static const uint8_t *sought;
static bool was_found;

static int
seek(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	char *bytes = malloc((size_t)st->st_size + 1);
	int fd = flag == FTW_F ? open(path, O_RDONLY) : -1;
	ssize_t n = fd >= 0 ? read(fd, bytes, (size_t)st->st_size) : 0;

	(void)ftw;
	if (n > 0 && memmem(bytes, (size_t)n, sought, SEAL_KEY_SIZE) != NULL)
		was_found = true;
	if (fd >= 0)
		close(fd);
	free(bytes);
	return 0;
}

static void
test_no_key_in_clear(void **state)
{
	struct slot slots[4];
	char why[256], path[300];
	struct vault *v = vault_in(*state, root, why);
	uint8_t installation[HASH_SIZE];
	int fd;

	assert_int_equal(vault_fill(v, 4, slots), 0);
	memcpy(installation, vault_installation(v), HASH_SIZE);
	vault_close(v);
	was_found = false;
	for (int i = 0; i < 4; i++) {
		sought = slots[i].key;
		nftw(*state, seek, 16, FTW_PHYS);
	}
	sought = installation;
	nftw(*state, seek, 16, FTW_PHYS);
	assert_false(was_found);

	snprintf(path, sizeof(path), "%s/planted", (char *)*state);	/* the search can find */
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, installation, HASH_SIZE), HASH_SIZE);
	close(fd);
	nftw(*state, seek, 16, FTW_PHYS);
	assert_true(was_found);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_erase, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_roots, setup, teardown),
		cmocka_unit_test(test_root_limits),
		cmocka_unit_test_setup_teardown(test_many_shards, setup, teardown),
		cmocka_unit_test_setup_teardown(test_name_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sign, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_key_in_clear, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
