/* SPDX-License-Identifier: BSD-2-Clause */
/* From rows to tiles and checkpoints: when, what lies on the disk, restored
 * backups, altered rows, a signer that is gone or wrong. */
#include "publisher_world.h"

#include <sqlite3.h>

static void
reopen(struct stand *s)
{
	desk_close(&s->desk);
	world_open(&s->world);
	desk_open(&s->desk, &s->world, &s->signer);
}

static bool
exists(const struct stand *s, const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s/audit/%s", s->world.dir, path);
	return access(full, F_OK) == 0;
}

static void
assert_intact(const struct stand *s, uint64_t records)
{
	struct verify_result r = desk_verify(&s->world, &s->signer, "audit", NULL);

	assert_string_equal(r.why, "");
	assert_int_equal(r.status, VERIFY_INTACT);
	assert_int_equal(r.records, records);
}

/* The sizes of C2SP tlog-tiles: at and around full tiles; from each to the
 * next the tiles are gone on with, and after a restart. */
static void
test_sizes(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 2, 255, 256, 257, 511, 512, 700 };
	struct stand *s = *state;
	uint64_t have = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		desk_rows(&s->world, sizes[i] - have);
		have = sizes[i];
		if (i % 2 == 0)
			reopen(s);
		desk_settle(&s->desk);
		assert_intact(s, have);
	}
	assert_true(exists(s, "tile/0/001") && exists(s, "tile/entries/001"));
	assert_true(exists(s, "tile/0/002.p/188") && exists(s, "tile/entries/002.p/188"));
	assert_true(exists(s, "tile/1/000.p/2"));
	assert_false(exists(s, "tile/0/000.p") || exists(s, "tile/entries/000.p"));
	assert_false(exists(s, "tile/2"));
}

/* Busy: due within a second; idle: within a minute, for the same records. */
static void
test_when(void **state)
{
	struct stand *s = *state;
	struct checkpoint last;

	desk_settle(&s->desk);
	assert_int_equal(s->signer.asked, 1);	/* of nothing, too */
	assert_in_range(publisher_due_ms(s->desk.publisher), 0, CHECKPOINT_IDLE_MS);
	desk_rows(&s->world, 1);
	publisher_wake(s->desk.publisher);
	assert_in_range(publisher_due_ms(s->desk.publisher), 0, CHECKPOINT_BUSY_MS);
	desk_settle(&s->desk);
	last = publisher_last(s->desk.publisher);
	assert_int_equal(last.head.size, 1);
	assert_int_equal(s->signer.asked, 2);
	publisher_wake(s->desk.publisher);	/* nothing new: nothing earlier */
	assert_in_range(publisher_due_ms(s->desk.publisher), CHECKPOINT_BUSY_MS + 1,
	    CHECKPOINT_IDLE_MS);
}

/* Under load checkpoints follow each other, each for more than the last. */
static void
test_load(void **state)
{
	struct stand *s = *state;
	uint64_t size = 0;

	desk_settle(&s->desk);
	for (int n = 0; n < 3;) {
		uint64_t now;

		desk_rows(&s->world, 20);
		publisher_wake(s->desk.publisher);
		loop_once(s->desk.loop, 10);
		now = publisher_last(s->desk.publisher).head.size;
		assert_true(now <= store_leaves(s->world.store));
		n += now > size;
		size = now;
	}
	desk_settle(&s->desk);
	assert_intact(s, store_leaves(s->world.store));
}

static void
test_signer_gone(void **state)
{
	struct stand *s = *state;
	int asked;

	desk_settle(&s->desk);
	s->signer.silent = true;
	desk_rows(&s->world, 3);
	publisher_wake(s->desk.publisher);
	asked = s->signer.asked;
	while (s->signer.asked == asked)
		loop_once(s->desk.loop, 1000);
	assert_int_equal(publisher_last(s->desk.publisher).head.size, 0);
	s->signer.silent = false;
	publisher_lost(s->desk.publisher);	/* asked again, of the one that came */
	desk_settle(&s->desk);
	assert_intact(s, 3);
}

/* A wrong signature is not published. */
static void
test_signed_wrongly(void **state)
{
	struct stand *s = *state;

	desk_settle(&s->desk);
	s->signer.wrong = true;
	desk_rows(&s->world, 3);
	desk_settle(&s->desk);
	assert_non_null(publisher_trouble(s->desk.publisher));
	assert_intact(s, 0);
	s->signer.wrong = false;
	while (publisher_trouble(s->desk.publisher) != NULL)
		loop_once(s->desk.loop, 1000);
	assert_intact(s, 3);
}

/* Tiles that are damaged or gone are made again of the rows. */
static void
test_rebuilt(void **state)
{
	static const char *const lost[] = { "tile/0/001.p/44", "tile/1/000.p/1",
		"tile/entries/001.p/44", "checkpoint" };
	struct stand *s = *state;
	char path[512];

	desk_rows(&s->world, 300);
	desk_settle(&s->desk);
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/audit/%s", s->world.dir, lost[i]);
		f = fopen(path, i % 2 == 0 ? "w" : "r+");
		assert_non_null(f);
		fputs("damage", f);
		fclose(f);
		reopen(s);
		desk_settle(&s->desk);
		assert_intact(s, 300);
		assert_int_equal(unlink(path), 0);
		reopen(s);
		desk_settle(&s->desk);
		assert_intact(s, 300);
	}
}

static void
sql(const struct stand *s, const char *text)
{
	char path[512];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/queue.db", s->world.dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* The rows of yesterday under the checkpoint of today. */
static void
restore(struct stand *s, bool forget_files)
{
	char from[512], to[512];

	desk_close(&s->desk);
	sql(s, "DELETE FROM audit WHERE seq >= 4; DELETE FROM checkpoint;");
	if (forget_files) {
		snprintf(from, sizeof(from), "%s/audit", s->world.dir);
		snprintf(to, sizeof(to), "%s/elsewhere", s->world.dir);
		assert_int_equal(rename(from, to), 0);
	}
	world_open(&s->world);
	desk_open(&s->desk, &s->world, &s->signer);
}

/* Fewer rows than were signed: another log, which says so; what was signed is
 * put away and never signed again. */
static void
test_restored(void **state)
{
	struct stand *s = *state;
	struct checkpoint before, after;
	struct verify_result r;

	desk_rows(&s->world, 10);
	desk_settle(&s->desk);
	before = publisher_last(s->desk.publisher);
	restore(s, false);
	desk_settle(&s->desk);
	after = publisher_last(s->desk.publisher);
	assert_true(after.log > before.log);
	assert_int_equal(after.head.size, 5);
	assert_intact(s, 5);
	r = desk_verify(&s->world, &s->signer, "audit.1", NULL);
	assert_int_equal(r.status, VERIFY_INTACT);
	assert_int_equal(r.records, 10);
	desk_rows(&s->world, 10);
	desk_settle(&s->desk);
	assert_int_equal(publisher_last(s->desk.publisher).log, after.log);
	r = desk_verify(&s->world, &s->signer, "audit", &before);
	assert_int_equal(r.status, VERIFY_ALTERED);	/* who saw it learns of it */
	reopen(s);
	desk_settle(&s->desk);
	assert_int_equal(publisher_last(s->desk.publisher).log, after.log);
	assert_intact(s, 15);
}

/* The files of the log are of the backup as well, or gone: `keys' remembers. */
static void
test_restored_whole(void **state)
{
	struct stand *s = *state;
	uint64_t log;

	desk_rows(&s->world, 10);
	desk_settle(&s->desk);
	restore(s, true);
	desk_settle(&s->desk);
	log = publisher_last(s->desk.publisher).log;
	assert_true(log > 1);
	assert_intact(s, 5);
	s->signer.promise.head.size = 77;	/* behind our back */
	desk_rows(&s->world, 2);
	desk_settle(&s->desk);
	assert_true(publisher_last(s->desk.publisher).log > log);
	assert_intact(s, 8);
}

/* Nor does `keys' know: it came from a backup, too. */
static void
test_restored_all(void **state)
{
	struct stand *s = *state;

	desk_rows(&s->world, 10);
	desk_settle(&s->desk);
	s->signer.promise = (struct promise){ .head.size = PROMISE_ANY };
	reopen(s);
	desk_settle(&s->desk);
	assert_true(publisher_last(s->desk.publisher).log > 1);
	assert_intact(s, 11);
}

/* `keys' came from an older backup than the rows: the log simply goes on. */
static void
test_restored_keys(void **state)
{
	struct stand *s = *state;
	struct promise old;

	desk_rows(&s->world, 5);
	desk_settle(&s->desk);
	old = s->signer.promise;
	desk_rows(&s->world, 300);
	desk_settle(&s->desk);
	s->signer.promise = old;
	reopen(s);
	desk_rows(&s->world, 1);
	desk_settle(&s->desk);
	assert_int_equal(publisher_last(s->desk.publisher).log, 1);
	assert_intact(s, 306);
}

/* Other rows than were signed: nothing is signed any more. */
static void
test_altered(void **state)
{
	static const char *const changes[] = {
		"UPDATE audit SET leaf = CAST(replace(CAST(leaf AS TEXT), 'refused', 'success')"
		" AS BLOB) WHERE seq = 2",
		"DELETE FROM audit WHERE seq = 2" };
	struct stand *s = *state;

	desk_rows(&s->world, 10);
	desk_settle(&s->desk);
	for (size_t i = 0; i < 2; i++) {
		char from[512], to[512];
		int asked = s->signer.asked;

		desk_close(&s->desk);
		sql(s, changes[i]);
		snprintf(from, sizeof(from), "%s/audit", s->world.dir);
		snprintf(to, sizeof(to), "%s/audit%zu", s->world.dir, i);
		rename(from, to);	/* with its tiles it would not even look */
		world_open(&s->world);
		desk_open(&s->desk, &s->world, &s->signer);
		desk_rows(&s->world, 1);
		desk_settle(&s->desk);
		assert_non_null(strstr(publisher_trouble(s->desk.publisher), "audit verify"));
		assert_int_equal(s->signer.asked, asked);
		assert_int_equal(publisher_last(s->desk.publisher).log, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sizes, stand_setup, stand_teardown),
		cmocka_unit_test_setup_teardown(test_when, stand_setup, stand_teardown),
		cmocka_unit_test_setup_teardown(test_load, stand_setup, stand_teardown),
		cmocka_unit_test_setup_teardown(test_signer_gone, stand_setup, stand_teardown),
		cmocka_unit_test_setup_teardown(test_signed_wrongly, stand_setup, stand_teardown),
		cmocka_unit_test_setup_teardown(test_rebuilt, stand_setup, stand_teardown),
		cmocka_unit_test_setup_teardown(test_restored, stand_setup, stand_teardown),
		cmocka_unit_test_setup_teardown(test_restored_whole, stand_setup, stand_teardown),
		cmocka_unit_test_setup_teardown(test_restored_all, stand_setup, stand_teardown),
		cmocka_unit_test_setup_teardown(test_restored_keys, stand_setup, stand_teardown),
		cmocka_unit_test_setup_teardown(test_altered, stand_setup, stand_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
