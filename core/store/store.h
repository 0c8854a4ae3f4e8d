/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is on disk (HACKING.md, The commit), and the one thread that touches it.
 *
 * The loop thread submits jobs; the committing thread takes all that wait:
 * prepare() of each, one fsync of the bodies' directory if a body was
 * written, BEGIN, run() of each, COMMIT.  Only then done() runs, on the loop
 * thread, from store_reap().  A write or an fsync that fails ends the process
 * with STORE_EXIT and nobody is answered: after a failed fsync nothing this
 * process believes about the disk is true.
 *
 * A commit costs much the same for one job as for ten: while more are
 * expected, the first one waits a moment for company.
 */
#ifndef MAILTRI_STORE_STORE_H
#define MAILTRI_STORE_STORE_H

#include <stdbool.h>

#include "store/journal.h"
#include "store/seal.h"

enum {
	STORE_EXIT = 75,		/* EX_TEMPFAIL: the master starts us again */
	STORE_INLINE_MAX = 64 * 1024,	/* bodies up to this lie in their row */
	STORE_LAZY_MS = 1000,		/* a lazy job waits this long for company */
	STORE_GATHER_US = 2000		/* any other, while more are expected */
};

enum {
	STORE_LAZY = 1,		/* alone it does not trigger a commit at once */
	STORE_READ = 2		/* changes nothing: run at once, in no transaction,
				 * before what waits for a commit */
};

struct store;

/* Owned by the caller, who embeds it; untouched from submit until done(). */
struct store_job {
	void (*prepare)(struct store *, struct store_job *);	/* or NULL */
	void (*run)(struct store *, struct store_job *);
	void (*done)(struct store_job *);	/* loop thread; may free the job */
	void *arg;		/* the caller's */
	uint32_t flags;		/* STORE_LAZY, STORE_READ */
	/* private: */
	struct store_job *next;
	bool finished;
};

struct store_options {
	const char *dir;	/* state directory; NULL: in memory (check) */
};

/* Opens or makes the databases, takes the lock, starts the thread.  NULL:
 * `why' says what the operator has to do. */
struct store *store_open(const struct store_options *, char why[256]);
void store_close(struct store *);	/* finishes what was submitted */
/* The installation's HMAC key, from `keys': before any state value is used. */
void store_set_key(struct store *, const uint8_t key[HASH_SIZE]);

void store_submit(struct store *, struct store_job *);
/* So many more mails, or fewer, are about to be submitted.  Loop thread. */
void store_expect(struct store *, int change);
int store_fd(const struct store *);	/* readable: store_reap() has work */
void store_reap(struct store *);	/* runs done() of finished jobs */
/* Waits for a job that was submitted and does not free itself, done()
 * included: at stop and in tests only. */
void store_wait(struct store *, struct store_job *);
uint64_t store_leaves(struct store *);	/* of the journal that are committed; any thread */

const char *store_dir(const struct store *);	/* NULL: in memory */

/* Room on the disk of the state directory: intake stops below the reserve,
 * new attempts below half of it, outcomes are always recorded. */
enum store_room { STORE_ROOM, STORE_NO_INTAKE, STORE_NO_ATTEMPTS };
enum store_room store_room(const struct store *, uint64_t reserve_bytes);

#endif
