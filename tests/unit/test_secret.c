/* SPDX-License-Identifier: BSD-2-Clause */
/* Secrets from files and credentials; the root key, made once. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "conf/secret.h"

static char dir[] = "/tmp/mailtri-secret-XXXXXX";
static char why[SECRET_WHY_MAX];

static const char *
put(const char *name, const char *text, mode_t mode)
{
	static char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

static int
load(const char *path, struct buf *b)
{
	char reference[PATH_MAX + 8];

	snprintf(reference, sizeof(reference), "file:%s", path);
	return secret_load(reference, b, why);
}

static void
files_and_their_modes(void **state)
{
	static const mode_t refused[] = { 0604, 0602, 0620, 0644, 0606 };
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(load(put("key", "hunter2\n", 0400), &b), 0);
	assert_true(span_is(buf_span(&b), "hunter2"));
	buf_wipe(&b);
	assert_int_equal(load(put("key", "two\n\n", 0640), &b), 0);
	assert_true(span_is(buf_span(&b), "two\n"));
	buf_wipe(&b);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		assert_int_equal(load(put("key", "hunter2", refused[i]), &b), EPERM);
		assert_non_null(strstr(why, "chmod 0400"));
		assert_null(strstr(why, "hunter2"));
		buf_wipe(&b);
	}
	assert_int_equal(load(put("key", "\n", 0400), &b), EINVAL);
	buf_wipe(&b);
	assert_int_equal(load(dir, &b), EINVAL);
	buf_wipe(&b);
	assert_int_equal(load("/nowhere/at/all", &b), ENOENT);
	buf_wipe(&b);
	assert_int_equal(secret_load("hunter2", &b, why), EINVAL);
	assert_null(strstr(why, "hunter2"));
	buf_wipe(&b);
}

static void
size_has_a_limit(void **state)
{
	char *text = malloc(SECRET_BYTES_MAX + 2);
	struct buf b = { 0 };

	(void)state;
	memset(text, 'k', SECRET_BYTES_MAX + 1);
	text[SECRET_BYTES_MAX] = '\0';
	assert_int_equal(load(put("key", text, 0400), &b), 0);
	assert_int_equal(b.len, SECRET_BYTES_MAX);
	buf_wipe(&b);
	text[SECRET_BYTES_MAX] = 'k';
	text[SECRET_BYTES_MAX + 1] = '\0';
	assert_int_equal(load(put("key", text, 0400), &b), EFBIG);
	buf_wipe(&b);
	free(text);
}

static void
credentials(void **state)
{
	struct buf b = { 0 };

	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(secret_load("credential:key", &b, why), ENOTDIR);
	assert_non_null(strstr(why, "LoadCredential"));
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	put("key", "from systemd", 0440);
	assert_int_equal(secret_load("credential:key", &b, why), 0);
	assert_true(span_is(buf_span(&b), "from systemd"));
	buf_wipe(&b);
	assert_int_equal(secret_load("credential:../key", &b, why), EINVAL);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void
root_key_is_made_once(void **state)
{
	char keys[PATH_MAX], root[PATH_MAX + 8];
	struct settings s = { .state_dir = dir };
	struct buf first = { 0 }, again = { 0 };
	struct stat st;

	(void)state;
	snprintf(root, sizeof(root), "%s/key", dir);
	unlink(root);
	snprintf(keys, sizeof(keys), "%s/keys", dir);
	snprintf(root, sizeof(root), "%s/root", keys);
	assert_int_equal(secret_load_root(&s, &first, why), 0);
	assert_int_equal(first.len, SECRET_ROOT_BYTES);
	assert_int_equal(stat(root, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0400);
	assert_int_equal(secret_load_root(&s, &again, why), 0);
	assert_memory_equal(first.p, again.p, SECRET_ROOT_BYTES);
	buf_wipe(&again);
	/* Lost while there is mail: nothing new in its place. */
	put("queue.db", "mail", 0600);
	unlink(root);
	assert_int_equal(secret_load_root(&s, &again, why), ENOKEY);
	assert_int_equal(stat(root, &st), -1);
	assert_non_null(strstr(why, "backup"));
	buf_wipe(&first);
	buf_wipe(&again);
	put("queue.db", "", 0600);
	snprintf(root, sizeof(root), "%s/queue.db", dir);
	unlink(root);
	rmdir(keys);
}

static void
root_key_as_configured(void **state)
{
	static const char hex[] = "000102030405060708090a0B0c0d0e0f"
	    "101112131415161718191a1b1c1d1e1f";
	static const struct { const char *text; int error; } rows[] = {
		{ "abcdefghijklmnopqrstuvwxyz01234\n", 0 },	/* 32 raw bytes */
		{ "abcdefghijklmnopqrstuvwxyz01234", EINVAL },
		{ "abcdefghijklmnopqrstuvwxyz0123456", EINVAL },
		{ "", EINVAL },
		{ "g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", EINVAL },
	};
	char reference[PATH_MAX + 8];
	struct settings s = { .state_dir = dir, .root_key = reference };
	struct buf b = { 0 };

	(void)state;
	snprintf(reference, sizeof(reference), "file:%s", put("root", hex, 0400));
	assert_int_equal(secret_load_root(&s, &b, why), 0);
	assert_int_equal(b.len, SECRET_ROOT_BYTES);
	for (unsigned i = 0; i < SECRET_ROOT_BYTES; i++)
		assert_int_equal(b.p[i], i);
	buf_wipe(&b);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		put("root", rows[i].text, 0400);
		assert_int_equal(secret_load_root(&s, &b, why), rows[i].error);
		buf_wipe(&b);
	}
}

static void
root_key_is_ours_alone(void **state)
{
	static const char raw[] = "abcdefghijklmnopqrstuvwxyz01234\n";
	static const mode_t refused[] = { 0600, 0440, 0500, 0444, 0404, 0640, 04400 };
	char reference[PATH_MAX + 8];
	struct settings s = { .state_dir = dir, .root_key = reference };
	struct buf b = { 0 };
	const char *path;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		snprintf(reference, sizeof(reference), "file:%s", put("root", raw, refused[i]));
		assert_int_equal(secret_load_root(&s, &b, why), EPERM);
		assert_non_null(strstr(why, "chmod 0400"));
		assert_null(strstr(why, "abcdefgh"));
		buf_wipe(&b);
	}
	path = put("root", raw, 0400);
	assert_int_equal(secret_load_root(&s, &b, why), 0);
	buf_wipe(&b);
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(path, 12345, 0), 0);
	assert_int_equal(secret_load_root(&s, &b, why), EPERM);
	assert_non_null(strstr(why, "chown"));
	buf_wipe(&b);
	/* systemd made it for us; whose it looks like says nothing. */
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	snprintf(reference, sizeof(reference), "credential:root");
	assert_int_equal(chmod(path, 0440), 0);
	assert_int_equal(secret_load_root(&s, &b, why), 0);
	assert_int_equal(b.len, SECRET_ROOT_BYTES);
	unsetenv("CREDENTIALS_DIRECTORY");
	buf_wipe(&b);
}

static void
roles_get_their_own(void **state)
{
	const char *path[] = { "file:/nowhere", NULL };
	struct mt_option options[] = { { "key", NULL, NULL, "h", MT_OPT_SECRET, 0, 0, 0 },
		{ .name = NULL } };
	char reference[PATH_MAX + 8];
	const char *list[] = { reference, NULL };
	struct setting_value base[] = { { "key", 0, list, 1 } };
	struct setting_value unset[] = { { "key", 0, NULL, 0 } };
	struct setting_value gone[] = { { "key", 0, path, 1 } };
	struct setting_options sets[] = { { NULL, base }, { "a@b", unset } };
	struct setting_options bad[] = { { NULL, gone } };
	struct setting_stage stages[] = {
		{ .name = "one", .group = "net", .options = sets, .option_sets = 2,
		    .descriptor = { .options = options, .option_count = 1 } },
		{ .name = "two", .group = "other", .options = bad, .option_sets = 1,
		    .descriptor = { .options = options, .option_count = 1 } },
	};
	struct settings s = { .stages = stages, .stage_count = 2, .state_dir = dir };
	struct secrets *secrets;
	struct buf b = { 0 };

	(void)state;
	snprintf(reference, sizeof(reference), "file:%s", put("key", "k", 0400));
	assert_int_equal(secret_pack_role(&s, "worker-net", "net", &b, why), 0);
	assert_int_equal(secrets_unpack(buf_span(&b), &secrets), 0);
	assert_int_equal(secrets->count, 1);
	assert_true(span_is(secrets_find(secrets, "one..key")->value, "k"));
	secrets_free(secrets);
	buf_wipe(&b);
	assert_int_equal(secret_pack_role(&s, "worker", "other", &b, why), ENOENT);
	buf_wipe(&b);
	assert_int_equal(secret_pack_role(&s, "parser", "", &b, why), 0);
	assert_int_equal(b.len, 0);
}

static int
setup(void **state)
{
	(void)state;
	log_open("test", false);
	return mkdtemp(dir) == NULL;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "key", "root", "queue.db" };
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_and_their_modes),
		cmocka_unit_test(size_has_a_limit),
		cmocka_unit_test(credentials),
		cmocka_unit_test(root_key_is_made_once),
		cmocka_unit_test(root_key_as_configured),
		cmocka_unit_test(root_key_is_ours_alone),
		cmocka_unit_test(roles_get_their_own),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
