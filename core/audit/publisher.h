/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From rows to tiles and checkpoints (HACKING.md, The commit, step 7): at
 * least once a second under load, once a minute idle, never ahead of what is
 * committed.  Runs on the loop; the rows are read by jobs of the store, tiles
 * are made and written by a thread of its own and synced between two commits.
 *
 * Rows that are fewer than was signed are a restored backup: the log is
 * continued as the next one, which begins with a record that says so, and
 * what was signed before is put away.  Rows that are others than were signed
 * are damage or a crime: nothing is signed any more.
 */
#ifndef MAILTRI_AUDIT_PUBLISHER_H
#define MAILTRI_AUDIT_PUBLISHER_H

#include "audit/promise.h"
#include "base/loop.h"
#include "store/store.h"

enum { PUBLISHER_RETRY_MS = 2000 };	/* a signature or a disk that fails */

typedef void (*publisher_sign_fn)(const struct promise_ask *, void *arg);	/* PROTO_SIGN */

struct publisher;
struct publisher *publisher_new(struct loop *, struct store *, publisher_sign_fn, void *arg);
/* After store_close(): no job of its may be under way. */
void publisher_free(struct publisher *);
/* The promise: what `keys' signed last. */
void publisher_start(struct publisher *, const struct note_key *, const struct promise *);
void publisher_wake(struct publisher *);	/* something was committed */

void publisher_signed(struct publisher *, const struct promise_answer *);	/* PROTO_SIGNATURE */
void publisher_lost(struct publisher *);	/* `keys' is gone: ask again */

/* The last checkpoint that is on the disk; log 0: none yet. */
struct checkpoint publisher_last(const struct publisher *);
int64_t publisher_due_ms(const struct publisher *);	/* until the next one is begun; -1: one is
							 * under way */
const char *publisher_trouble(const struct publisher *);	/* a sentence; NULL: none */

#endif
