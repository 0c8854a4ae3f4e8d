/* SPDX-License-Identifier: BSD-2-Clause */
/* Appending to the audit rows and reading them. */
#include "store/journal.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "store/private.h"

enum { MARK_EVERY_S = 60 };

#define ROW_COLUMNS "SELECT seq, event, time, leaf, opening, slot, generation FROM audit "

/* A refusal's slot is its own; a message's is in the accepting job's hands. */
static void
own_slot(struct store *s, const struct journal_entry *e)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s), "INSERT INTO key_slot(slot, generation,"
	    " event, until, message) VALUES(?, ?, ?, ?, 0)");

	db_bind_int(stmt, 1, (int64_t)e->slot);
	db_bind_int(stmt, 2, (int64_t)e->generation);
	db_bind_text(stmt, 3, e->event);
	db_bind_int(stmt, 4, e->keep_until_s);
	db_run(store_queue(s), stmt);
}

void
journal_append(struct store *s, struct journal_entry *e)
{
	struct buf leaf = { 0 };
	sqlite3_stmt *stmt;

	if (e->seq_at > e->leaf.len || e->leaf.len + JOURNAL_SEQ_DIGITS > JOURNAL_LEAF_MAX)
		log_panic("audit leaf of %zu bytes", e->leaf.len);
	e->seq = (*store_tail(s))++;
	buf_add(&leaf, e->leaf.ptr, e->seq_at);
	buf_printf(&leaf, "%llu", (unsigned long long)e->seq);
	buf_add(&leaf, e->leaf.ptr + e->seq_at, e->leaf.len - e->seq_at);

	stmt = db_statement(store_queue(s), "INSERT INTO audit(seq, time, event, slot, generation,"
	    " leaf, opening) VALUES(?, ?, ?, ?, ?, ?, ?)");
	db_bind_int(stmt, 1, (int64_t)e->seq);
	db_bind_int(stmt, 2, e->time_s);
	db_bind_text(stmt, 3, e->event);
	db_bind_int(stmt, 4, (int64_t)e->slot);
	db_bind_int(stmt, 5, (int64_t)e->generation);
	db_bind_blob(stmt, 6, buf_span(&leaf));
	db_bind_blob(stmt, 7, e->opening);
	db_run(store_queue(s), stmt);
	buf_free(&leaf);
	if (e->keep_until_s != 0)
		own_slot(s, e);
}

static void
load_row(sqlite3_stmt *stmt, struct arena *arena, struct journal_row *row)
{
	row->seq = (uint64_t)db_int(stmt, 0);
	row->event = arena_string(arena, db_span(stmt, 1));
	row->time_s = db_int(stmt, 2);
	row->leaf = arena_span(arena, db_span(stmt, 3));
	row->opening = arena_span(arena, db_span(stmt, 4));
	row->slot = (uint64_t)db_int(stmt, 5);
	row->generation = (uint64_t)db_int(stmt, 6);
}

static size_t
load_rows(struct store *s, sqlite3_stmt *stmt, struct arena *arena, size_t max,
    struct journal_row **out)
{
	struct journal_row *rows = arena_alloc(arena, max * sizeof(*rows));
	size_t n = 0;

	while (n < max && db_step(store_queue(s), stmt))
		load_row(stmt, arena, &rows[n++]);
	db_reset(stmt);
	*out = rows;
	return n;
}

size_t
journal_read(struct store *s, struct arena *arena, uint64_t seq, size_t max,
    struct journal_row **out)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s), ROW_COLUMNS
	    "WHERE seq >= ? ORDER BY seq LIMIT ?");

	db_bind_int(stmt, 1, (int64_t)seq);
	db_bind_int(stmt, 2, (int64_t)max);
	return load_rows(s, stmt, arena, max, out);
}

size_t
journal_leaves(struct store *s, struct arena *arena, uint64_t seq, size_t max,
    struct mt_span **out)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s),
	    "SELECT seq, leaf FROM audit WHERE seq >= ? ORDER BY seq LIMIT ?");
	struct mt_span *leaves = arena_alloc(arena, max * sizeof(*leaves));
	size_t n = 0;

	db_bind_int(stmt, 1, (int64_t)seq);
	db_bind_int(stmt, 2, (int64_t)max);
	while (n < max && db_step(store_queue(s), stmt) &&
	    (uint64_t)db_int(stmt, 0) == seq + n)
		leaves[n++] = arena_span(arena, db_span(stmt, 1));
	db_reset(stmt);
	*out = leaves;
	return n;
}

size_t
journal_find(struct store *s, struct arena *arena, struct mt_span event, size_t max,
    struct journal_row **out)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s), ROW_COLUMNS
	    "WHERE event = ? ORDER BY seq LIMIT ?");

	db_bind_text(stmt, 1, arena_string(arena, event));
	db_bind_int(stmt, 2, (int64_t)max);
	return load_rows(s, stmt, arena, max, out);
}

void
journal_mark(struct store *s, uint64_t size, int64_t time_s, struct mt_span note)
{
	struct db *db = store_queue(s);
	sqlite3_stmt *stmt = db_statement(db, "DELETE FROM checkpoint WHERE id = (SELECT max(id)"
	    " FROM checkpoint) AND time / ?1 = ?2 / ?1");

	db_bind_int(stmt, 1, MARK_EVERY_S);
	db_bind_int(stmt, 2, time_s);
	db_run(db, stmt);
	stmt = db_statement(db, "INSERT INTO checkpoint(size, time, note) VALUES(?, ?,"
	    " CAST(? AS TEXT))");
	db_bind_int(stmt, 1, (int64_t)size);
	db_bind_int(stmt, 2, time_s);
	db_bind_blob(stmt, 3, note);
	db_run(db, stmt);
}

const char *
journal_marked(struct store *s, struct arena *arena)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s),
	    "SELECT note FROM checkpoint ORDER BY id DESC LIMIT 1");
	const char *note;

	if (!db_step(store_queue(s), stmt))
		return NULL;
	note = arena_string(arena, db_span(stmt, 0));
	db_reset(stmt);
	return note;
}

uint64_t
journal_log(struct store *s)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s), "SELECT value FROM meta WHERE name = 'log'");
	uint64_t log = 1;

	if (db_step(store_queue(s), stmt)) {
		log = (uint64_t)db_int(stmt, 0);
		db_reset(stmt);
	}
	return log;
}

void
journal_set_log(struct store *s, uint64_t log)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s),
	    "INSERT OR REPLACE INTO meta(name, value) VALUES('log', ?)");

	db_bind_int(stmt, 1, (int64_t)log);
	db_run(store_queue(s), stmt);
}
