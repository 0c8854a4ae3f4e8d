/* SPDX-License-Identifier: BSD-2-Clause */
/* Copying by SQLite's own means, from the connection that writes: what it
 * commits between two pieces goes into the copy by itself. */
#include "store/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "store/private.h"

enum { PIECE_PAGES = 256, DATABASES = 2 };

static const char *const names[DATABASES] = { "queue.db", "counters.db" };

struct copying {
	size_t at;		/* which of the databases */
	sqlite3 *to;
	sqlite3_backup *backup;
};

static sqlite3 *
source(struct store *s, size_t i)
{
	return db_handle(i == 0 ? store_queue(s) : store_counters_outside(s));
}

static void
path_of(struct store *s, const char *name, struct buf *path)
{
	buf_printf(path, "%s/backup/%s", store_dir(s), name);
}

void
store_copy_sweep(struct store *s)
{
	static const char *const endings[] = { "", "-journal", "-wal", "-shm" };
	struct buf path = { 0 };

	for (size_t i = 0; i < DATABASES; i++)
		for (size_t k = 0; k < sizeof(endings) / sizeof(endings[0]); k++) {
			buf_reset(&path);
			path_of(s, names[i], &path);
			buf_add_string(&path, endings[k]);
			unlink(buf_string(&path));
		}
	buf_reset(&path);
	buf_printf(&path, "%s/backup", store_dir(s));
	unlinkat(AT_FDCWD, buf_string(&path), AT_REMOVEDIR);
	buf_free(&path);
}

static int
errno_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
		return 0;
	case SQLITE_FULL:
		return ENOSPC;
	case SQLITE_NOMEM:
		return ENOMEM;
	default:
		return EIO;
	}
}

static int
open_target(const char *path, sqlite3 **to, const char *const *setup)
{
	int code = sqlite3_open_v2(path, to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
	    SQLITE_OPEN_NOMUTEX, NULL);

	for (; code == SQLITE_OK && *setup != NULL; setup++)
		code = sqlite3_exec(*to, *setup, NULL, NULL, NULL);
	return errno_of(code);
}

static int
begin_database(struct store *s, struct copying *c)
{
	static const char *const setup[] = { "PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", NULL };
	struct buf path = { 0 };
	int error;

	path_of(s, names[c->at], &path);
	error = open_target(buf_string(&path), &c->to, setup);
	buf_free(&path);
	if (error != 0)
		return error;
	c->backup = sqlite3_backup_init(c->to, "main", source(s, c->at), "main");
	return c->backup != NULL ? 0 : EIO;
}

static int
number(sqlite3 *db, const char *sql, uint64_t *out)
{
	sqlite3_stmt *stmt;
	int code = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	if (code != SQLITE_OK)
		return errno_of(code);
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		*out = (uint64_t)sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return code == SQLITE_ROW ? 0 : errno_of(code);
}

/* One file without its log; the first is marked for what it is. */
static int
mark_database(struct store *s, struct store_copy *copy, size_t at)
{
	static const char *const setup[] = { "PRAGMA locking_mode=EXCLUSIVE",
		"PRAGMA journal_mode=DELETE", NULL };
	struct buf path = { 0 };
	sqlite3 *db = NULL;
	int error;

	path_of(s, names[at], &path);
	error = open_target(buf_string(&path), &db, setup);
	buf_free(&path);
	if (error == 0 && at == 0)
		error = errno_of(sqlite3_exec(db, "INSERT OR REPLACE INTO meta(name, value)"
		    " VALUES('restored', 1), ('paused', 1)", NULL, NULL, NULL));
	if (error == 0 && at == 0)
		error = number(db, "SELECT coalesce(max(seq) + 1, 0) FROM audit", &copy->records);
	if (error == 0 && at == 0)
		error = number(db, "SELECT coalesce(max(slot) + 1, 0) FROM key_slot", &copy->slots);
	sqlite3_close(db);
	return error;
}

static int
end_database(struct store *s, struct store_copy *copy)
{
	struct copying *c = copy->copying;
	int error = errno_of(sqlite3_backup_finish(c->backup));

	c->backup = NULL;
	sqlite3_close(c->to);
	c->to = NULL;
	if (error == 0)
		error = mark_database(s, copy, c->at);
	c->at++;
	return error;
}

static int
piece(struct store *s, struct store_copy *copy)
{
	struct copying *c = copy->copying;
	int code, error = c->backup == NULL ? begin_database(s, c) : 0;

	if (error != 0)
		return error;
	code = sqlite3_backup_step(c->backup, PIECE_PAGES);
	if (code == SQLITE_DONE)
		return end_database(s, copy);
	return code == SQLITE_BUSY || code == SQLITE_LOCKED ? 0 : errno_of(code);
}

static void
copying_free(struct copying *c)
{
	if (c->backup != NULL)
		sqlite3_backup_finish(c->backup);
	sqlite3_close(c->to);
	free(c);
}

static int
copying_begin(struct store *s, struct store_copy *copy)
{
	struct buf path = { 0 };
	int error = 0;

	copy->copying = xcalloc(1, sizeof(*copy->copying));
	store_copy_sweep(s);
	buf_printf(&path, "%s/backup", store_dir(s));
	if (mkdir(buf_string(&path), 0700) != 0)
		error = errno;
	buf_free(&path);
	return error;
}

/* Outside of a transaction, as SQLite wants it of the connection's own. */
static void
copy_prepare(struct store *s, struct store_job *job)
{
	struct store_copy *copy = (struct store_copy *)job;

	if (copy->copying == NULL)
		copy->error = copying_begin(s, copy);
	if (copy->error == 0)
		copy->error = piece(s, copy);
	copy->over = copy->error != 0 || copy->copying->at == DATABASES;
	if (!copy->over)
		return;
	copying_free(copy->copying);
	copy->copying = NULL;
	if (copy->error != 0)
		store_copy_sweep(s);
}

static void
nothing_run(struct store *s, struct store_job *job)
{
	(void)s;
	(void)job;
}

void
store_copy(struct store *s, struct store_copy *copy)
{
	copy->over = false;
	copy->error = 0;
	copy->job.prepare = copy_prepare;
	copy->job.run = nothing_run;
	store_submit(s, &copy->job);
}

static void
remove_prepare(struct store *s, struct store_job *job)
{
	(void)job;
	store_copy_sweep(s);
}

void
store_copy_remove(struct store *s, struct store_job *job)
{
	job->prepare = remove_prepare;
	job->run = nothing_run;
	store_submit(s, job);
}
