/* SPDX-License-Identifier: BSD-2-Clause */
/* The answer cache: a hash table whose entries are also a list by use. */
#include "pipeline/dns_cache.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/log.h"

enum { BUCKETS = 16384 };

struct entry {
	struct entry *chain;
	struct entry *newer, *older;
	struct dns_key key;
	struct dns_answer answer;
	int64_t end_ms;
	size_t bytes;
	char rr[];
};

struct dns_cache {
	struct entry *buckets[BUCKETS];
	struct entry *newest, *oldest;
	struct dns_cache_limits limits;
	size_t count, bytes;
};

bool
dns_key_equal(const struct dns_key *a, const struct dns_key *b)
{
	return a->type == b->type && a->name.len == b->name.len &&
	    memcmp(a->name.text, b->name.text, a->name.len) == 0;
}

uint64_t
dns_key_hash(const struct dns_key *key)
{
	static uint64_t seed;

	while (seed == 0)
		if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
			log_panic("getrandom: no seed");
	return span_hash(span_make(key->name.text, key->name.len), seed ^ key->type);
}

struct dns_cache *
dns_cache_new(struct dns_cache_limits limits)
{
	struct dns_cache *c = xcalloc(1, sizeof(*c));

	c->limits = limits;
	return c;
}

static struct entry **
entry_find(struct dns_cache *c, const struct dns_key *key)
{
	struct entry **e = &c->buckets[dns_key_hash(key) % BUCKETS];

	while (*e != NULL && !dns_key_equal(&(*e)->key, key))
		e = &(*e)->chain;
	return e;
}

static void
list_remove(struct dns_cache *c, struct entry *e)
{
	*(e->newer == NULL ? &c->newest : &e->newer->older) = e->older;
	*(e->older == NULL ? &c->oldest : &e->older->newer) = e->newer;
}

static void
list_add(struct dns_cache *c, struct entry *e)
{
	e->newer = NULL;
	e->older = c->newest;
	*(c->newest == NULL ? &c->oldest : &c->newest->newer) = e;
	c->newest = e;
}

static void
entry_remove(struct dns_cache *c, struct entry **at)
{
	struct entry *e = *at;

	*at = e->chain;
	list_remove(c, e);
	c->count--;
	c->bytes -= e->bytes;
	free(e);
}

void
dns_cache_clear(struct dns_cache *c)
{
	while (c->oldest != NULL)
		entry_remove(c, entry_find(c, &c->oldest->key));
}

void
dns_cache_free(struct dns_cache *c)
{
	if (c == NULL)
		return;
	dns_cache_clear(c);
	free(c);
}

bool
dns_cache_find(struct dns_cache *c, const struct dns_key *key, int64_t now_ms,
    struct dns_answer *a)
{
	struct entry **at = entry_find(c, key), *e = *at;

	if (e == NULL)
		return false;
	if (e->end_ms <= now_ms) {
		entry_remove(c, at);
		return false;
	}
	list_remove(c, e);
	list_add(c, e);
	*a = e->answer;
	a->ttl = (uint32_t)((e->end_ms - now_ms + 999) / 1000);
	return true;
}

static uint32_t
ttl_kept(const struct dns_answer *a)
{
	uint32_t most = a->status == MT_OK ? DNS_TTL_MAX_S : DNS_TTL_NEGATIVE_MAX_S;

	if (a->status != MT_OK && a->status != MT_NXDOMAIN && a->status != MT_NODATA)
		return DNS_TTL_FAILED_S;
	if (a->status == MT_OK && a->ttl < DNS_TTL_MIN_S)
		return DNS_TTL_MIN_S;
	return a->ttl > most ? most : a->ttl;
}

void
dns_cache_add(struct dns_cache *c, const struct dns_key *key, int64_t now_ms,
    struct dns_answer *a)
{
	size_t bytes = sizeof(struct entry) + a->rr.len;
	struct entry **at = entry_find(c, key), *e;

	a->ttl = ttl_kept(a);
	if (*at != NULL)
		entry_remove(c, at);
	if (bytes > c->limits.bytes || c->limits.entries == 0)
		return;
	while (c->count >= c->limits.entries || c->bytes + bytes > c->limits.bytes)
		entry_remove(c, entry_find(c, &c->oldest->key));
	e = xcalloc(1, bytes);
	*e = (struct entry){ .key = *key, .answer = *a, .bytes = bytes,
		.end_ms = now_ms + (int64_t)a->ttl * 1000 };
	if (a->rr.len > 0)
		memcpy(e->rr, a->rr.ptr, a->rr.len);
	e->answer.rr.ptr = e->rr;
	at = entry_find(c, key);
	*at = e;
	list_add(c, e);
	c->count++;
	c->bytes += bytes;
}

size_t
dns_cache_count(const struct dns_cache *c)
{
	return c->count;
}
