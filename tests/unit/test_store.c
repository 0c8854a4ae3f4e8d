/* SPDX-License-Identifier: BSD-2-Clause */
/* The committing thread, claims, counters, values and the journal. */
#include "store_world.h"

#include <fcntl.h>
#include <poll.h>

#include "store/private.h"

static void
test_one_at_a_time(void **state)
{
	struct world *w = *state;
	struct store_options options = { .dir = w->dir };
	char why[256];

	assert_null(store_open(&options, why));
	assert_non_null(strstr(why, "in use"));
	options.dir = "/proc/nowhere";
	assert_null(store_open(&options, why));
	assert_non_null(strstr(why, "/proc/nowhere"));
}

static void
copy_file(const char *dir, const char *from, const char *to)
{
	static char bytes[1 << 16];
	char path[300];
	FILE *in, *out;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, from);
	assert_non_null(in = fopen(path, "r"));
	snprintf(path, sizeof(path), "%s/%s", dir, to);
	assert_non_null(out = fopen(path, "w"));
	while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
		assert_int_equal(fwrite(bytes, 1, n, out), n);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

/* Rows of what the two files of rows.db say. */
static int
rows_of_copy(const char *dir)
{
	char copy[300];
	sqlite3_stmt *stmt;
	sqlite3 *db;
	int rows;

	snprintf(copy, sizeof(copy), "%s/copy.db", dir);
	copy_file(dir, "rows.db", "copy.db");
	copy_file(dir, "rows.db-wal", "copy.db-wal");
	assert_int_equal(sqlite3_open(copy, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_string_equal(sqlite3_column_text(stmt, 0), "ok");
	sqlite3_finalize(stmt);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM t", -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	rows = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return rows;
}

/* Whatever the size of a transaction, all of it is written when COMMIT
 * returns: SQLite takes less than 128 KiB in one write. */
static void
test_a_commit_is_in_the_files(void **state)
{
	struct world *w = *state;
	static const size_t pages[] = { 1, 29, 30, 31, 32, 33, 61, 62, 63, 64, 1000 };
	static char body[1000 * 4096];
	struct db_options options = { .schema = "CREATE TABLE t(body BLOB)", .full_sync = true };
	char path[300], why[256];
	struct db *db;

	snprintf(path, sizeof(path), "%s/rows.db", w->dir);
	options.path = path;
	db = db_open(&options, why);
	assert_non_null(db);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		sqlite3_stmt *stmt = db_statement(db, "INSERT INTO t VALUES(?)");

		memset(body, (int)i, sizeof(body));
		db_exec(db, "BEGIN IMMEDIATE");
		db_bind_blob(stmt, 1, span_make(body, pages[i] * 4096 - 100));
		db_run(db, stmt);
		db_exec(db, "COMMIT");
		assert_int_equal(rows_of_copy(w->dir), i + 1);
	}
	db_close(db);
}

struct counted {
	struct store_job job;
	int *next, ran, done;
};

static void
counted_run(struct store *s, struct store_job *job)
{
	struct counted *c = (struct counted *)job;

	(void)s;
	c->ran = ++*c->next;
}

static void
counted_done(struct store_job *job)
{
	((struct counted *)job)->done++;
}

static void
test_order_and_done(void **state)
{
	struct world *w = *state;
	struct counted jobs[100];
	int next = 0;

	for (int i = 0; i < 100; i++) {
		jobs[i] = (struct counted){ .next = &next,
			.job = { .run = counted_run, .done = counted_done } };
		store_submit(w->store, &jobs[i].job);
	}
	store_wait(w->store, &jobs[99].job);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(jobs[i].ran, i + 1);
		assert_int_equal(jobs[i].done, 1);
	}
}

/* A lazy job alone is not committed at once, but with any other. */
static void
test_lazy(void **state)
{
	struct world *w = *state;
	int next = 0;
	struct counted lazy = { .next = &next,
		.job = { .run = counted_run, .done = counted_done, .flags = STORE_LAZY } };
	struct counted other = { .next = &next, .job = { .run = counted_run } };

	store_submit(w->store, &lazy.job);
	store_submit(w->store, &other.job);
	store_wait(w->store, &other.job);
	assert_int_equal(lazy.done, 1);
	assert_int_equal(lazy.ran, 1);
	lazy.done = 0;
	store_submit(w->store, &lazy.job);
	store_wait(w->store, &lazy.job);
	assert_int_equal(lazy.done, 1);
}

static void
reap_until(struct world *w, const int *done)
{
	struct pollfd fd = { .fd = store_fd(w->store), .events = POLLIN };

	while (*done == 0) {
		assert_true(poll(&fd, 1, 30000) == 1);
		store_reap(w->store);
	}
}

/* A job does not wait for ever for company that never comes; what only reads
 * waits for nobody, not even for a lazy job before it. */
static void
test_company(void **state)
{
	struct world *w = *state;
	int next = 0;
	struct counted lazy = { .next = &next,
		.job = { .run = counted_run, .done = counted_done, .flags = STORE_LAZY } };
	struct counted read = { .next = &next,
		.job = { .run = counted_run, .done = counted_done, .flags = STORE_READ } };
	struct counted job = { .next = &next, .job = { .run = counted_run, .done = counted_done } };

	store_expect(w->store, 2);
	store_submit(w->store, &lazy.job);
	store_submit(w->store, &read.job);
	reap_until(w, &read.done);
	store_submit(w->store, &job.job);
	reap_until(w, &job.done);
	assert_int_equal(lazy.done, 1);
	assert_true(lazy.ran < job.ran);
	store_expect(w->store, -2);
	job.done = 0;
	store_submit(w->store, &job.job);
	reap_until(w, &job.done);
}

static struct state_look
look(struct world *w, const char *key, uint32_t limit, int64_t now_s)
{
	struct state_look l = { .claim = { .limit = limit, .window_s = 100 }, .now_s = now_s };

	memcpy(l.claim.key, key, strlen(key));
	state_look(w->store, &l);
	store_wait(w->store, &l.job);
	return l;
}

struct taking {
	struct store_job job;
	struct state_claim claim;
	int64_t now_s;
	const char *event;
};

static void
taking_run(struct store *s, struct store_job *job)
{
	struct taking *t = (struct taking *)job;

	state_claim_take(s, &t->claim, t->now_s, t->event);
}

static bool
is_free(struct world *w, const char *key, uint32_t limit)
{
	struct state_claim claim = { .limit = limit };

	memcpy(claim.key, key, strlen(key));
	return state_claim_is_free(w->store, &claim);
}

static void
take(struct world *w, const char *key, uint32_t limit, int64_t now_s)
{
	struct taking t = { .job = { .run = taking_run }, .event = "evt_holder", .now_s = now_s,
		.claim = { .limit = limit, .window_s = 100 } };

	memcpy(t.claim.key, key, strlen(key));
	state_claim_expect(w->store, &t.claim, now_s);
	store_submit(w->store, &t.job);
	store_wait(w->store, &t.job);
}

static void
test_once(void **state)
{
	struct world *w = *state;

	assert_int_equal(look(w, "a", 1, 1000).used, 0);
	take(w, "a", 1, 1000);
	assert_int_equal(look(w, "a", 1, 1099).used, 1);
	assert_string_equal(look(w, "a", 1, 1099).holder, "evt_holder");
	assert_true(look(w, "a", 1, 1099).holder_seen);	/* its message is gone */
	assert_int_equal(look(w, "a", 1, 1100).used, 0);
	assert_int_equal(look(w, "b", 1, 1000).used, 0);
	assert_false(is_free(w, "a", 1));
	assert_true(is_free(w, "b", 1));
	assert_false(is_free(w, "b", 2));	/* a counter is always looked at */
	world_reopen(w);
	assert_int_equal(look(w, "a", 1, 1099).used, 1);
	assert_true(is_free(w, "b", 1));
}

static void
test_counter(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 5; i++)
		take(w, "n", 7, 1000 + i);
	assert_int_equal(look(w, "n", 7, 1010).used, 5);
	assert_int_equal(look(w, "n", 7, 1010).retry_after_s, 90);
	assert_int_equal(look(w, "n", 7, 1100).used, 0);
	take(w, "n", 7, 1100);	/* a new window */
	assert_int_equal(look(w, "n", 7, 1150).used, 1);
	assert_int_equal(look(w, "n", 7, 1150).retry_after_s, 50);
}

static struct state_get
get(struct world *w, const char *key, int64_t now_s)
{
	struct state_get g = { .now_s = now_s };

	memcpy(g.key, key, strlen(key));
	state_get(w->store, &g);
	store_wait(w->store, &g.job);
	return g;
}

static void
put(struct world *w, const char *key, struct mt_span value, int64_t until_s)
{
	struct state_put p = { .value = value, .until_s = until_s };
	struct queue_record r = { .puts = &p, .put_count = 1 };

	memcpy(p.key, key, strlen(key));
	queue_record(w->store, &r);
	store_wait(w->store, &r.job);
}

static void
test_value(void **state)
{
	struct world *w = *state;
	struct state_get g;

	assert_false(get(w, "v", 1000).found);
	put(w, "v", SPAN("old"), 1100);
	put(w, "v", SPAN("the value"), 1100);
	g = get(w, "v", 1099);
	assert_true(g.found);
	assert_true(span_is(buf_span(&g.value), "the value"));
	buf_free(&g.value);
	assert_false(get(w, "v", 1100).found);
	put(w, "v", SPAN(""), 1100);
	assert_false(get(w, "v", 1000).found);
}

static void
test_value_limit(void **state)
{
	struct world *w = *state;
	char *big = calloc(1, STATE_VALUE_MAX);
	struct state_get g;

	put(w, "v", span_make(big, STATE_VALUE_MAX), 1100);
	g = get(w, "v", 1000);
	assert_int_equal(g.value.len, STATE_VALUE_MAX);
	buf_free(&g.value);
	free(big);
}

static struct journal_row *rows;
static size_t row_count;

struct reading {
	struct store_job job;
	struct arena *arena;
	const char *event, *note;
};

static void
reading_run(struct store *s, struct store_job *job)
{
	struct reading *r = (struct reading *)job;

	row_count = r->event != NULL ? journal_find(s, r->arena, span_of(r->event), 100, &rows) :
	    journal_read(s, r->arena, 1, 2, &rows);
	r->note = journal_marked(s, r->arena);
}

static void
record(struct world *w, const char *event)
{
	struct slot slot;
	struct queue_record r = { .now_s = w->now_s, .entry_count = 1 };

	slots_take(w->slots, &slot);
	r.entries = world_entry(w, event, AUDIT_REFUSED, &slot);
	r.entries->keep_until_s = w->now_s + 100;
	queue_record(w->store, &r);
	store_wait(w->store, &r.job);
}

struct leaf_reading {
	struct store_job job;
	struct arena *arena;
	uint64_t seq;
	size_t count;
	struct mt_span *leaves;
};

static void
leaf_reading_run(struct store *s, struct store_job *job)
{
	struct leaf_reading *r = (struct leaf_reading *)job;

	r->count = journal_leaves(s, r->arena, r->seq, 100, &r->leaves);
}

static size_t
leaves_from(struct world *w, uint64_t seq, struct mt_span **out)
{
	struct leaf_reading r = { .job = { .run = leaf_reading_run }, .arena = &w->arena,
		.seq = seq };

	store_submit(w->store, &r.job);
	store_wait(w->store, &r.job);
	*out = r.leaves;
	return r.count;
}

static void
test_journal(void **state)
{
	struct world *w = *state;
	struct reading r = { .job = { .run = reading_run }, .arena = &w->arena };
	struct mt_span *leaves;

	record(w, "evt_a");
	record(w, "evt_b");
	record(w, "evt_a");
	world_reopen(w);
	record(w, "evt_c");
	assert_int_equal(store_leaves(w->store), 4);

	store_submit(w->store, &r.job);
	store_wait(w->store, &r.job);
	assert_int_equal(row_count, 2);
	assert_int_equal(rows[0].seq, 1);
	assert_string_equal(rows[1].event, "evt_a");
	assert_non_null(memmem(rows[1].leaf.ptr, rows[1].leaf.len, ",\"seq\":2,", 9));

	r.event = "evt_a";
	store_submit(w->store, &r.job);
	store_wait(w->store, &r.job);
	assert_int_equal(row_count, 2);
	r.event = NULL;
	assert_int_equal(leaves_from(w, 2, &leaves), 2);
	assert_true(span_equal(leaves[0], rows[1].leaf));
}

struct marking {
	struct store_job job;
	uint64_t size;
	int64_t time_s;
	const char *note;
};

static void
marking_run(struct store *s, struct store_job *job)
{
	struct marking *h = (struct marking *)job;

	journal_mark(s, h->size, h->time_s, span_of(h->note));
}

static void
test_marks(void **state)
{
	static const struct { uint64_t size; int64_t time_s; const char *note; } adds[] = {
		{ 10, 600, "ten" }, { 20, 659, "twenty" }, { 60, 660, "sixty" } };
	struct world *w = *state;
	struct reading r = { .job = { .run = reading_run }, .arena = &w->arena };

	for (size_t i = 0; i < 3; i++) {
		struct marking h = { .job = { .run = marking_run }, .size = adds[i].size,
			.time_s = adds[i].time_s, .note = adds[i].note };

		store_submit(w->store, &h.job);
		store_wait(w->store, &h.job);
	}
	store_submit(w->store, &r.job);
	store_wait(w->store, &r.job);
	assert_string_equal(r.note, "sixty");
}

static void
test_room(void **state)
{
	struct world *w = *state;

	assert_int_equal(store_room(w->store, 1), STORE_ROOM);
	assert_int_equal(store_room(w->store, UINT64_MAX / 2), STORE_NO_ATTEMPTS);
}

static void
test_memory(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, true);
	take(&w, "a", 1, 1000);
	assert_int_equal(look(&w, "a", 1, 1001).used, 1);
	assert_int_equal(store_room(w.store, UINT64_MAX / 2), STORE_ROOM);
	world_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_at_a_time, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_a_commit_is_in_the_files, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_order_and_done, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_lazy, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_company, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_once, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_counter, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_value, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_value_limit, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_journal, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_marks, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_room, world_setup, world_teardown),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
