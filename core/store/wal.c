/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/wal.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"

enum { GATHERED_MAX = (128 << 10) - 1 };	/* bytes: the most that SQLite takes in a write */

/* The file itself follows. */
struct wal_file {
	sqlite3_file base;
	sqlite3_int64 at;	/* where what is gathered belongs */
	int count;
	unsigned char *gathered;
};

static sqlite3_file *
file_of(sqlite3_file *f)
{
	return (sqlite3_file *)((struct wal_file *)(void *)f + 1);
}

static int
flush(sqlite3_file *f)
{
	struct wal_file *wal = (struct wal_file *)(void *)f;
	sqlite3_file *file = file_of(f);
	int count = wal->count;

	wal->count = 0;
	return count == 0 ? SQLITE_OK :
	    file->pMethods->xWrite(file, wal->gathered, count, wal->at);
}

static int
wal_write(sqlite3_file *f, const void *bytes, int count, sqlite3_int64 at)
{
	struct wal_file *wal = (struct wal_file *)(void *)f;
	int code = SQLITE_OK;

	if (at != wal->at + wal->count || count > GATHERED_MAX - wal->count)
		code = flush(f);
	if (code != SQLITE_OK)
		return code;
	if (count > GATHERED_MAX)
		return file_of(f)->pMethods->xWrite(file_of(f), bytes, count, at);
	if (wal->count == 0)
		wal->at = at;
	memcpy(wal->gathered + wal->count, bytes, (size_t)count);
	wal->count += count;
	return SQLITE_OK;
}

static int
wal_close(sqlite3_file *f)
{
	int code = flush(f), closed = file_of(f)->pMethods->xClose(file_of(f));

	free(((struct wal_file *)(void *)f)->gathered);
	return code != SQLITE_OK ? code : closed;
}

static int
wal_read(sqlite3_file *f, void *out, int count, sqlite3_int64 at)
{
	int code = flush(f);

	return code != SQLITE_OK ? code : file_of(f)->pMethods->xRead(file_of(f), out, count, at);
}

static int
wal_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	int code = flush(f);

	return code != SQLITE_OK ? code : file_of(f)->pMethods->xTruncate(file_of(f), size);
}

static int
wal_sync(sqlite3_file *f, int flags)
{
	int code = flush(f);

	return code != SQLITE_OK ? code : file_of(f)->pMethods->xSync(file_of(f), flags);
}

static int
wal_size(sqlite3_file *f, sqlite3_int64 *size)
{
	int code = flush(f);

	return code != SQLITE_OK ? code : file_of(f)->pMethods->xFileSize(file_of(f), size);
}

static int
wal_control(sqlite3_file *f, int operation, void *arg)
{
	int code = flush(f);

	return code != SQLITE_OK ? code :
	    file_of(f)->pMethods->xFileControl(file_of(f), operation, arg);
}

static int
wal_sector(sqlite3_file *f)
{
	return file_of(f)->pMethods->xSectorSize(file_of(f));
}

static int
wal_device(sqlite3_file *f)
{
	return file_of(f)->pMethods->xDeviceCharacteristics(file_of(f));
}

/* A log is never locked, nor mapped: the database it belongs to is. */
static const sqlite3_io_methods wal_methods = {
	.iVersion = 1, .xClose = wal_close, .xRead = wal_read, .xWrite = wal_write,
	.xTruncate = wal_truncate, .xSync = wal_sync, .xFileSize = wal_size,
	.xFileControl = wal_control, .xSectorSize = wal_sector,
	.xDeviceCharacteristics = wal_device,
};

/* What is no log is opened as it always was. */
static int
wal_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *flags_out)
{
	sqlite3_vfs *below = vfs->pAppData;
	struct wal_file *wal = (struct wal_file *)(void *)f;
	int code;

	if ((flags & SQLITE_OPEN_WAL) == 0)
		return below->xOpen(below, name, f, flags, flags_out);
	code = below->xOpen(below, name, file_of(f), flags, flags_out);
	*wal = (struct wal_file){ .base.pMethods = NULL };
	if (code == SQLITE_OK) {
		wal->base.pMethods = &wal_methods;
		wal->gathered = xcalloc(1, GATHERED_MAX);
	}
	return code;
}

const char *
wal_vfs(void)
{
	static sqlite3_vfs vfs;

	if (vfs.zName == NULL) {
		sqlite3_vfs *below = sqlite3_vfs_find(NULL);

		vfs = *below;	/* whose other methods do not ask whose they are */
		vfs.iVersion = below->iVersion < 3 ? below->iVersion : 3;	/* what we know */
		vfs.pNext = NULL;
		vfs.zName = "mailtri-wal";
		vfs.pAppData = below;
		vfs.szOsFile += (int)sizeof(struct wal_file);
		vfs.xOpen = wal_open;
		if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
			log_panic("SQLite takes no VFS");
	}
	return vfs.zName;
}
