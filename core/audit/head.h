/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a head is signed (audit/note.h has its form): at least once a second
 * under load, once a minute idle, and never for what is not committed.
 */
#ifndef MAILTRI_AUDIT_HEAD_H
#define MAILTRI_AUDIT_HEAD_H

#include "audit/note.h"
#include "base/loop.h"
#include "store/store.h"

enum { HEAD_RETRY_MS = 2000 };	/* an answer that does not come */

/* The signer in the engine.  ask sends PROTO_SIGN. */
struct head_signer;
typedef void (*head_ask_fn)(struct mt_span text, void *arg);
struct head_signer *head_signer_new(struct loop *, struct store *, head_ask_fn, void *arg);
void head_signer_free(struct head_signer *);
void head_signer_key(struct head_signer *, const struct head_key *);	/* starts it */
void head_signer_wake(struct head_signer *);	/* something was committed */
void head_signer_signed(struct head_signer *, struct mt_span signature);	/* PROTO_SIGNATURE */
void head_signer_lost(struct head_signer *);	/* `keys' is gone: ask again */

#endif
