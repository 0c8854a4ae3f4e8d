/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SQLite as the store uses it: one thread, statements prepared once, and no
 * error to be handled: what fails after db_open() ends the process with
 * STORE_EXIT, because a database that cannot write must not be answered from.
 */
#ifndef MAILTRI_STORE_DB_H
#define MAILTRI_STORE_DB_H

#include <sqlite3.h>

#include "base/span.h"

enum { DB_STATEMENTS_MAX = 128 };

struct db;

struct db_options {
	const char *path;	/* ":memory:" too */
	const char *schema;	/* run on a new database */
	bool full_sync;		/* COMMIT is on the disk when it returns */
};

struct db *db_open(const struct db_options *, char why[256]);	/* NULL: why */
void db_close(struct db *);
sqlite3 *db_handle(struct db *);	/* for store/copy.h */
/* Ready to be bound; cached by the address of `sql', a literal. */
sqlite3_stmt *db_statement(struct db *, const char *sql);
bool db_step(struct db *, sqlite3_stmt *);	/* a row; at the end resets */
void db_run(struct db *, sqlite3_stmt *);	/* a statement without rows */
void db_exec(struct db *, const char *sql);	/* the same, with nothing to bind */
void db_reset(sqlite3_stmt *);			/* done before the last row */
int64_t db_changes(struct db *);
int64_t db_inserted(struct db *);	/* the row id of the last INSERT */

/* Bytes bound are borrowed until the statement is reset. */
void db_bind_int(sqlite3_stmt *, int column, int64_t);
void db_bind_text(sqlite3_stmt *, int column, const char *);	/* NULL: null */
void db_bind_blob(sqlite3_stmt *, int column, struct mt_span);	/* empty: x'' */
int64_t db_int(sqlite3_stmt *, int column);
struct mt_span db_span(sqlite3_stmt *, int column);	/* until the next step */
void db_copy(sqlite3_stmt *, int column, char *out, size_t size);	/* cut to fit */

#endif
