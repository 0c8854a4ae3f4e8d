/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a backup holds, as text:
 *
 *	mailtri-data 1			or mailtri-keys 1
 *	created 2025-10-11T14:30:00Z
 *	slots 812			data: every message key it needs is below;
 *					keys: all below were made
 *	records 3044			data only: of the audit log
 *	root 1f…e0 1			keys only: id and version of the root key
 *	<64 hex: SHA-256> <size> <name>	one a file, in the order they lie there
 *	end <64 hex: SHA-256 of all lines before>
 *
 * Names are those a backup of its kind can have and no others, so that a
 * restore writes nothing elsewhere.
 */
#ifndef MAILTRI_CTL_MANIFEST_H
#define MAILTRI_CTL_MANIFEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "store/hash.h"
#include "store/root.h"

enum { MANIFEST_NAME_MAX = 79, MANIFEST_BYTES_MAX = 256 << 20, MANIFEST_WHY_MAX = 160 };

enum manifest_kind { MANIFEST_DATA, MANIFEST_KEYS };

struct manifest_entry {
	char name[MANIFEST_NAME_MAX + 1];
	uint64_t size;
	uint8_t hash[HASH_SIZE];
};

struct manifest {
	enum manifest_kind kind;
	char created[32];
	uint64_t slots, records;
	char root[2 * ROOT_ID_SIZE + 1];
	uint32_t root_version;
	struct manifest_entry *list;	/* the manifest's */
	size_t count, room;
};

void manifest_free(struct manifest *);
struct manifest_entry *manifest_add(struct manifest *);	/* until the next one is added */
bool manifest_is_name(enum manifest_kind, const char *name);
void manifest_format(const struct manifest *, struct buf *out);
/* EBADMSG and a word what is wrong; the manifest is to be freed either way. */
int manifest_parse(struct mt_span text, struct manifest *, char why[MANIFEST_WHY_MAX]);

#endif
