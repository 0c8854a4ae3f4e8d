/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bodies too large for their row: one sealed file each, bodies/<event>.
 * Committing thread.  What fails ends the process (store/store.h).
 */
#ifndef MAILTRI_STORE_BODY_H
#define MAILTRI_STORE_BODY_H

#include "store/store.h"

/* In prepare(): write, fdatasync, rename.  False: in memory, keep it in the
 * row.  Event ids are [a-z0-9_]. */
bool body_write(struct store *, const char *event, struct mt_span sealed);
int body_read(struct store *, const char *event, struct buf *out);	/* errno */
void body_remove(struct store *, const char *event);	/* gone already: fine */
/* Removes every file whose event `is_kept' denies; count. */
size_t body_sweep(struct store *, bool (*is_kept)(struct store *, const char *event));

#endif
