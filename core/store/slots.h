/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine's stock of message keys: filled ahead of need by the role
 * `keys', which has made each durable before it hands it out.  Loop thread.
 */
#ifndef MAILTRI_STORE_SLOTS_H
#define MAILTRI_STORE_SLOTS_H

#include "store/seal.h"

enum { SLOTS_MAX = 256, SLOTS_LOW = 128 };

struct slots;

/* Sends PROTO_SLOTS with this count; the answer goes to slots_fill(). */
typedef void (*slots_ask_fn)(uint32_t count, void *arg);

/* ask NULL: keys are made here and lost at exit, for `mailtrictl check'. */
struct slots *slots_new(slots_ask_fn, void *arg);
void slots_free(struct slots *);	/* wipes */
/* Once at start, and again when `keys' was restarted: an answer on its way
 * is lost, the keys in stock stay good. */
void slots_ask(struct slots *);
int slots_fill(struct slots *, struct mt_span are);	/* PROTO_SLOTS_ARE; EBADMSG */
/* False: none in stock (answer 451).  The caller wipes *out. */
bool slots_take(struct slots *, struct slot *out);
/* A key taken and not used goes back. */
void slots_return(struct slots *, struct slot *);	/* wipes it */
size_t slots_count(const struct slots *);

#endif
