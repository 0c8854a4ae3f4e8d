/* SPDX-License-Identifier: BSD-2-Clause */
/* The store from the inside: for the files of this folder and the jobs of
 * queue/, on the committing thread. */
#ifndef MAILTRI_STORE_PRIVATE_H
#define MAILTRI_STORE_PRIVATE_H

#include "store/db.h"
#include "store/once.h"
#include "store/store.h"

/* The two databases; asking for the second opens its part of the batch. */
struct db *store_queue(struct store *);
struct db *store_counters(struct store *);
struct db *store_counters_outside(struct store *);	/* of any transaction: in prepare() */
struct once *store_once(struct store *);	/* loop thread */
const struct slot *store_key(struct store *);	/* seals state values */

/* The journal's end inside the running transaction. */
uint64_t *store_tail(struct store *);	/* leaves */

int store_bodies_fd(const struct store *);	/* -1: in memory */
void store_bodies_changed(struct store *);	/* fsync the directory before BEGIN */

void store_copy_sweep(struct store *);	/* what a backup left when it was cut short */
void store_fail(const char *what, const char *name) __attribute__((noreturn));

#endif
