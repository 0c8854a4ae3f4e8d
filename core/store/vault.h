/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directory keys/ of the state directory, seen by the role `keys' alone:
 *
 *	shard-*		message keys (store/shard.h)
 *	installation	the HMAC key; version: the generation of message keys
 *	audit		the audit signing key; name: the log's
 *	signed		what was signed last (audit/promise.h); removed: nobody knows
 *	restored	there after a restore from a backup, until it is opened
 *	root		only where no other root key is configured (conf/secret.h)
 *
 * All keys are wrapped under the root keys (store/root.h).
 *
 * A backup does not know what was done after it was made.  So the first opening
 * of restored keys begins a new generation: no slot and generation is ever
 * handed out twice.  And it forgets what was signed, so that the log goes on as another
 * one.
 */
#ifndef MAILTRI_STORE_VAULT_H
#define MAILTRI_STORE_VAULT_H

#include "store/root.h"
#include "store/seal.h"

enum { VAULT_FILL_MAX = 256, VAULT_SHARDS_OPEN = 32, VAULT_NAME_MAX = 255,
	VAULT_PUBLIC_SIZE = 32, VAULT_SIGNATURE_SIZE = 64 };

struct vault;

struct vault_options {
	const char *dir;	/* the state directory */
	struct mt_span root;	/* 32 bytes; more of them while it is replaced,
				 * the one in force first */
	const char *name;	/* of a signing key that is made now */
};

/* NULL: `why' says what the operator has to do. */
struct vault *vault_open(const struct vault_options *, char why[256]);
void vault_close(struct vault *);	/* wipes */

const uint8_t *vault_installation(const struct vault *);	/* HASH_SIZE bytes */
int vault_dir(const struct vault *);	/* the folder keys/, for what else is kept there */
const char *vault_name(const struct vault *);	/* of the signing key */
const uint8_t *vault_public(const struct vault *);	/* VAULT_PUBLIC_SIZE bytes */
uint64_t vault_next(const struct vault *);	/* all slots issued are below */
uint32_t vault_generation(const struct vault *);	/* of the slots filled now */
bool vault_is_new(const struct vault *);	/* it was made by this opening */
const struct root *vault_root(const struct vault *);	/* in force: id and version */

/* 0 or an errno value.  fill: new keys, durable; the caller wipes them.
 * What was filled and not handed out is never handed out later. */
int vault_fill(struct vault *, uint32_t count, struct slot *out);
int vault_get(struct vault *, uint64_t number, uint64_t generation, struct slot *out);	/* as
			 * shard_get() */
int vault_erase(struct vault *, const uint64_t *numbers, size_t count);	/* durable; one
			 * erased before is fine, one never issued is EINVAL */
void vault_sign(const struct vault *, struct mt_span text, uint8_t out[VAULT_SIGNATURE_SIZE]);

#endif
