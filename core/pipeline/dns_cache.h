/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers kept for as long as they say, within our own bounds; the one used
 * longest ago goes first.  Time comes from the caller.
 */
#ifndef MAILTRI_PIPELINE_DNS_CACHE_H
#define MAILTRI_PIPELINE_DNS_CACHE_H

#include "pipeline/dns_record.h"

enum {
	DNS_TTL_MIN_S = 60, DNS_TTL_MAX_S = 86400,	/* records */
	DNS_TTL_NEGATIVE_MAX_S = 300,	/* MT_NXDOMAIN, MT_NODATA */
	DNS_TTL_FAILED_S = 5	/* the rest: damps retries */
};

struct dns_key {
	struct dns_name name;
	uint16_t type;
};

struct dns_cache;
struct dns_cache_limits { size_t entries, bytes; };

struct dns_cache *dns_cache_new(struct dns_cache_limits);
void dns_cache_free(struct dns_cache *);
void dns_cache_clear(struct dns_cache *);
/* False: not kept, or too old.  ttl is what is left of it, rr is borrowed
 * until the cache is next written to. */
bool dns_cache_find(struct dns_cache *, const struct dns_key *, int64_t now_ms,
    struct dns_answer *);
/* Replaces.  The ttl of *a becomes the one it is kept for.  An answer larger
 * than the whole cache is not kept. */
void dns_cache_add(struct dns_cache *, const struct dns_key *, int64_t now_ms,
    struct dns_answer *a);
size_t dns_cache_count(const struct dns_cache *);

/* A hash no sender can aim at: its seed is random. */
uint64_t dns_key_hash(const struct dns_key *);
bool dns_key_equal(const struct dns_key *, const struct dns_key *);

#endif
