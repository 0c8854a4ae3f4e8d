/* SPDX-License-Identifier: BSD-2-Clause */
/* Pointers by 64-bit number: what is in flight, found by its id. */
#ifndef MAILTRI_BASE_IDMAP_H
#define MAILTRI_BASE_IDMAP_H

#include <stddef.h>
#include <stdint.h>

struct idmap_entry { uint64_t id; void *value; };
struct idmap {		/* all zero is a valid empty map */
	struct idmap_entry *slots;
	size_t size, used;	/* size: a power of two */
};

void idmap_set(struct idmap *, uint64_t id, void *value);	/* not NULL */
void *idmap_find(const struct idmap *, uint64_t id);	/* NULL */
void *idmap_remove(struct idmap *, uint64_t id);	/* the value, or NULL */
/* Calls fn for every entry; fn may remove the entry it is given. */
void idmap_each(struct idmap *, void (*fn)(void *value, void *arg), void *arg);
void idmap_free(struct idmap *);

#endif
