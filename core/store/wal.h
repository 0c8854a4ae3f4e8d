/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SQLite writes two times for each page of its write-ahead log.  With this
 * VFS a transaction's pages, which follow one another, are written at once:
 * before the log is synced, and before anything else is done to it.
 */
#ifndef MAILTRI_STORE_WAL_H
#define MAILTRI_STORE_WAL_H

/* Registered when it is first asked for; for databases whose every COMMIT is
 * synced: what is not synced is lost with the process. */
const char *wal_vfs(void);

#endif
