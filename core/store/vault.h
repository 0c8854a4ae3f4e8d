/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directory keys/ of the state directory, seen by the role `keys' alone:
 * shard files (store/shard.h), the installation's HMAC key and the audit
 * signing key, each wrapped under the root.
 */
#ifndef MAILTRI_STORE_VAULT_H
#define MAILTRI_STORE_VAULT_H

#include "store/seal.h"

enum { VAULT_FILL_MAX = 256, VAULT_SHARDS_OPEN = 32, VAULT_NAME_MAX = 255,
	VAULT_PUBLIC_SIZE = 32, VAULT_SIGNATURE_SIZE = 64 };

struct vault;

struct vault_options {
	const char *dir;	/* the state directory */
	struct mt_span root;	/* 32 bytes */
	const char *name;	/* of a signing key that is made now */
};

/* NULL: `why' says what the operator has to do. */
struct vault *vault_open(const struct vault_options *, char why[256]);
void vault_close(struct vault *);	/* wipes */

const uint8_t *vault_installation(const struct vault *);	/* HASH_SIZE bytes */
const char *vault_name(const struct vault *);	/* of the signing key */
const uint8_t *vault_public(const struct vault *);	/* VAULT_PUBLIC_SIZE bytes */
uint64_t vault_next(const struct vault *);	/* all slots issued are below */

/* 0 or an errno value.  fill: new keys, durable; the caller wipes them.
 * What was filled and not handed out is never handed out later. */
int vault_fill(struct vault *, uint32_t count, struct slot *out);
int vault_get(struct vault *, uint64_t number, uint64_t generation, struct slot *out);	/* as
			 * shard_get() */
int vault_erase(struct vault *, const uint64_t *numbers, size_t count);	/* durable; one
			 * erased before is fine, one never issued is EINVAL */
void vault_sign(const struct vault *, struct mt_span text, uint8_t out[VAULT_SIGNATURE_SIZE]);

#endif
