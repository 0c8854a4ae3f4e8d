/* SPDX-License-Identifier: BSD-2-Clause */
/* Manifests of backups: there and back, every bit, names that lead elsewhere. */
#include <errno.h>

#include "ctl/manifest.h"
#include "test.h"

static struct manifest
sample(enum manifest_kind kind)
{
	struct manifest m = { .kind = kind, .created = "2025-10-11T14:30:00Z", .slots = 812,
		.records = kind == MANIFEST_DATA ? 3044 : 0 };
	static const char *const names[2][2] = { { "queue.db", "bodies/evt_0a" },
		{ "installation", "shard-00000000000f" } };

	if (kind == MANIFEST_KEYS) {
		snprintf(m.root, sizeof(m.root), "%s", "00112233445566778899aabbccddeeff");
		m.root_version = 3;
	}
	for (int i = 0; i < 2; i++) {
		struct manifest_entry *e = manifest_add(&m);

		snprintf(e->name, sizeof(e->name), "%s", names[kind][i]);
		e->size = (uint64_t)i * 70000;
		memset(e->hash, 7 + i, HASH_SIZE);
	}
	return m;
}

static void
test_there_and_back(void **state)
{
	char why[MANIFEST_WHY_MAX];

	(void)state;
	for (int kind = MANIFEST_DATA; kind <= MANIFEST_KEYS; kind++) {
		struct manifest m = sample((enum manifest_kind)kind), read;
		struct buf text = { 0 }, again = { 0 };

		manifest_format(&m, &text);
		assert_int_equal(manifest_parse(buf_span(&text), &read, why), 0);
		assert_int_equal(read.count, 2);
		assert_int_equal(read.list[1].size, 70000);
		manifest_format(&read, &again);
		assert_true(span_equal(buf_span(&text), buf_span(&again)));
		manifest_free(&read);
		for (size_t i = 0; i < text.len * 8; i++) {
			text.p[i / 8] ^= (unsigned char)(1 << i % 8);
			assert_int_equal(manifest_parse(buf_span(&text), &read, why), EBADMSG);
			assert_true(why[0] != '\0');
			manifest_free(&read);
			text.p[i / 8] ^= (unsigned char)(1 << i % 8);
		}
		for (size_t n = 0; n < text.len; n++) {
			assert_int_equal(manifest_parse(span_make(text.p, n), &read, why), EBADMSG);
			manifest_free(&read);
		}
		manifest_free(&m);
		buf_free(&text);
		buf_free(&again);
	}
}

static void
test_names(void **state)
{
	static const char *const data[] = { "queue.db", "counters.db", "bodies/evt_1",
		"bodies/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };	/* 59 */
	static const char *const keys[] = { "installation", "audit", "signed", "shard-000000000000",
		"shard-fffffffffffe" };
	static const char *const neither[] = { "", "bodies/", "bodies/..", "bodies/../x", "bodies/a/b",
		"bodies/A", "../queue.db", "/queue.db", "queue.db/x", "root", "restored", "shard-",
		"shard-0000000000000", "shard-../../x", "audit.new", "MANIFEST",
		"bodies/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };	/* 60 */

	(void)state;
	for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
		assert_true(manifest_is_name(MANIFEST_DATA, data[i]));
		assert_false(manifest_is_name(MANIFEST_KEYS, data[i]));
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_true(manifest_is_name(MANIFEST_KEYS, keys[i]));
		assert_false(manifest_is_name(MANIFEST_DATA, keys[i]));
	}
	for (size_t i = 0; i < sizeof(neither) / sizeof(neither[0]); i++) {
		assert_false(manifest_is_name(MANIFEST_DATA, neither[i]));
		assert_false(manifest_is_name(MANIFEST_KEYS, neither[i]));
	}
}

/* A list with a right hash and a name that leads out. */
static void
test_name_in_list(void **state)
{
	struct manifest m = sample(MANIFEST_DATA), read;
	char why[MANIFEST_WHY_MAX];
	struct buf text = { 0 };

	(void)state;
	snprintf(m.list[1].name, sizeof(m.list[1].name), "%s", "bodies/../../passwd");
	manifest_format(&m, &text);
	assert_int_equal(manifest_parse(buf_span(&text), &read, why), EBADMSG);
	manifest_free(&read);
	manifest_free(&m);
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_names),
		cmocka_unit_test(test_name_in_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
