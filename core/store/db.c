/* SPDX-License-Identifier: BSD-2-Clause */
/* SQLite: opening, cached statements, and the end of the process on errors. */
#include "store/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/log.h"
#include "store/store.h"
#include "store/wal.h"

enum { SCHEMA_VERSION = 1 };

struct cached {
	const char *sql;
	sqlite3_stmt *stmt;
};

struct db {
	sqlite3 *handle;
	struct cached cache[DB_STATEMENTS_MAX];
	size_t cached;
};

static void __attribute__((noreturn))
db_fail(struct db *db, const char *what)
{
	log_error("store: the database failed, nothing is answered: %s: %s (%d, errno %d)", what,
	    sqlite3_errmsg(db->handle), sqlite3_extended_errcode(db->handle),
	    sqlite3_system_errno(db->handle));
	_exit(STORE_EXIT);
}

/* "PRAGMA x" as one integer; -1: none. */
static int64_t
db_pragma(struct db *db, const char *sql)
{
	sqlite3_stmt *stmt;
	int64_t value = -1;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL) != SQLITE_OK)
		return -1;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

/* NULL, or what did not work. */
static const char *
db_setup(struct db *db, const struct db_options *options)
{
	static const char *const setup[] = {
		"PRAGMA locking_mode=EXCLUSIVE",	/* first: no shared memory file */
		"PRAGMA journal_mode=WAL",
		"PRAGMA wal_autocheckpoint=10000",
		"PRAGMA journal_size_limit=67108864",
		"PRAGMA temp_store=MEMORY",
		"PRAGMA cache_size=-8192",	/* all of it is walked at a COMMIT */
		"PRAGMA trusted_schema=OFF",
	};
	int64_t version;

	for (size_t i = 0; i < sizeof(setup) / sizeof(setup[0]); i++)
		if (sqlite3_exec(db->handle, setup[i], NULL, NULL, NULL) != SQLITE_OK)
			return setup[i];
	if (sqlite3_exec(db->handle, options->full_sync ? "PRAGMA synchronous=FULL" :
	    "PRAGMA synchronous=NORMAL", NULL, NULL, NULL) != SQLITE_OK)
		return "PRAGMA synchronous";
	if (sqlite3_exec(db->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return "lock";
	version = db_pragma(db, "PRAGMA user_version");
	if (version != 0 && version != SCHEMA_VERSION)
		return "made by another version of mailtri";
	if (version == 0 && (sqlite3_exec(db->handle, options->schema, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(db->handle, "PRAGMA user_version=1", NULL, NULL, NULL) != SQLITE_OK))
		return "schema";
	return sqlite3_exec(db->handle, "COMMIT", NULL, NULL, NULL) == SQLITE_OK ? NULL : "COMMIT";
}

struct db *
db_open(const struct db_options *options, char why[256])
{
	struct db *db = xcalloc(1, sizeof(*db));
	const char *failed = "open";
	int code;

	if (sqlite3_open_v2(options->path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
	    SQLITE_OPEN_NOMUTEX, options->full_sync ? wal_vfs() : NULL) == SQLITE_OK)
		failed = db_setup(db, options);
	if (failed == NULL)
		return db;
	code = sqlite3_errcode(db->handle);
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		snprintf(why, 256, "%s: in use by another process: is mailtri running already?",
		    options->path);
	else
		snprintf(why, 256, "%s: %s: %s", options->path, failed,
		    code == SQLITE_OK ? "cannot be used" : sqlite3_errmsg(db->handle));
	db_close(db);
	return NULL;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < db->cached; i++)
		sqlite3_finalize(db->cache[i].stmt);
	sqlite3_close(db->handle);
	free(db);
}

sqlite3 *
db_handle(struct db *db)
{
	return db->handle;
}

sqlite3_stmt *
db_statement(struct db *db, const char *sql)
{
	struct cached *c;

	for (size_t i = 0; i < db->cached; i++)
		if (db->cache[i].sql == sql)
			return db->cache[i].stmt;
	if (db->cached == DB_STATEMENTS_MAX)
		log_panic("more than %d statements", DB_STATEMENTS_MAX);
	c = &db->cache[db->cached];
	if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &c->stmt, NULL) !=
	    SQLITE_OK)
		db_fail(db, sql);
	c->sql = sql;
	db->cached++;
	return c->stmt;
}

void
db_reset(sqlite3_stmt *stmt)
{
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
}

bool
db_step(struct db *db, sqlite3_stmt *stmt)
{
	int code = fault_error("db.step") ? SQLITE_IOERR : sqlite3_step(stmt);

	if (code == SQLITE_ROW)
		return true;
	if (code != SQLITE_DONE)
		db_fail(db, sqlite3_sql(stmt));
	db_reset(stmt);
	return false;
}

void
db_run(struct db *db, sqlite3_stmt *stmt)
{
	if (db_step(db, stmt))
		log_panic("rows where none can be: %s", sqlite3_sql(stmt));
}

void
db_exec(struct db *db, const char *sql)
{
	if (fault_error("db.exec"))
		db_fail(db, sql);
	db_run(db, db_statement(db, sql));
}

int64_t
db_changes(struct db *db)
{
	return sqlite3_changes64(db->handle);
}

int64_t
db_inserted(struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

static void
bound(int code)
{
	if (code != SQLITE_OK)
		log_panic("binding a value: %s", sqlite3_errstr(code));
}

void
db_bind_int(sqlite3_stmt *stmt, int column, int64_t value)
{
	bound(sqlite3_bind_int64(stmt, column, value));
}

void
db_bind_text(sqlite3_stmt *stmt, int column, const char *text)
{
	bound(sqlite3_bind_text(stmt, column, text, -1, SQLITE_STATIC));
}

void
db_bind_blob(sqlite3_stmt *stmt, int column, struct mt_span bytes)
{
	bound(sqlite3_bind_blob64(stmt, column, bytes.len > 0 ? bytes.ptr : "", bytes.len,
	    SQLITE_STATIC));
}

int64_t
db_int(sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_int64(stmt, column);
}

struct mt_span
db_span(sqlite3_stmt *stmt, int column)
{
	const void *p = sqlite3_column_blob(stmt, column);

	return span_make(p, (size_t)sqlite3_column_bytes(stmt, column));
}

void
db_copy(sqlite3_stmt *stmt, int column, char *out, size_t size)
{
	struct mt_span s = db_span(stmt, column);
	size_t n = s.len < size ? s.len : size - 1;

	if (n > 0)
		memcpy(out, s.ptr, n);
	out[n] = '\0';
}
