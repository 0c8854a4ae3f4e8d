/* SPDX-License-Identifier: BSD-2-Clause */
/* Single flight over the answer cache. */
#include "pipeline/dns.h"

#include <stdlib.h>

#include "base/arena.h"

enum { BUCKETS = 1024 };

struct dns_flight {
	struct dns_flight *next;
	struct dns *dns;
	struct dns_key key;
	struct dns_waiter *waiters;
	struct timer timer;
	void *handle;		/* the upstream's */
};

struct dns {
	struct loop *loop;
	struct dns_upstream up;
	struct dns_cache *cache;
	struct dns_flight *flights[BUCKETS];
	size_t count;
};

struct dns *
dns_new(struct loop *l, const struct dns_upstream *up)
{
	struct dns *d = xcalloc(1, sizeof(*d));

	d->loop = l;
	d->up = *up;
	d->cache = dns_cache_new((struct dns_cache_limits){ DNS_CACHE_ENTRIES,
	    DNS_CACHE_BYTES });
	return d;
}

static struct dns_flight **
flight_find(struct dns *d, const struct dns_key *key)
{
	struct dns_flight **f = &d->flights[dns_key_hash(key) % BUCKETS];

	while (*f != NULL && !dns_key_equal(&(*f)->key, key))
		f = &(*f)->next;
	return f;
}

static void
flight_unlink(struct dns *d, struct dns_flight *f)
{
	*flight_find(d, &f->key) = f->next;
	timer_clear(d->loop, &f->timer);
	d->count--;
}

static void
waiter_answer(struct dns *d, struct dns_waiter *w, const struct dns_answer *a)
{
	timer_clear(d->loop, &w->timer);
	w->flight = NULL;
	w->fn(w, a, w->queries);
}

/* Ends the flight: everybody who waits has his answer. */
static void
flight_land(struct dns *d, struct dns_flight *f, const struct dns_answer *a)
{
	flight_unlink(d, f);
	while (f->waiters != NULL) {
		struct dns_waiter *w = f->waiters;

		f->waiters = w->next;
		waiter_answer(d, w, a);
	}
	free(f);
}

void
dns_answered(struct dns *d, struct dns_flight *f, struct dns_answer *a)
{
	dns_cache_add(d->cache, &f->key, clock_ms(), a);
	flight_land(d, f, a);
}

static void
flight_late(struct timer *t)
{
	struct dns_flight *f = t->arg;
	struct dns_answer late = { .status = MT_TIMEOUT };

	f->dns->up.cancel(f->dns->up.arg, f->handle);
	dns_answered(f->dns, f, &late);
}

/* The flight goes on without him: its answer serves the next who asks. */
static void
waiter_late(struct timer *t)
{
	struct dns_waiter *w = t->arg, **at = &w->flight->waiters;
	struct dns_answer late = { .status = MT_TIMEOUT };

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	waiter_answer(w->flight->dns, w, &late);
}

static bool
flight_start(struct dns *d, struct dns_flight *f)
{
	char name[DNS_TEXT_MAX];

	dns_name_escape(&f->key.name, name);
	f->handle = d->up.ask(d->up.arg, name, f->key.type, f);
	return f->handle != NULL;
}

static struct dns_flight *
flight_new(struct dns *d, const struct dns_key *key)
{
	struct dns_flight *f;

	if (d->count >= DNS_FLIGHTS_MAX)
		return NULL;
	f = xcalloc(1, sizeof(*f));
	*f = (struct dns_flight){ .dns = d, .key = *key,
		.timer = { .fn = flight_late, .arg = f } };
	if (!flight_start(d, f)) {
		free(f);
		return NULL;
	}
	*flight_find(d, key) = f;
	d->count++;
	timer_set(d->loop, &f->timer, DNS_FLIGHT_MS);
	return f;
}

static void
flight_join(struct dns_flight *f, struct dns_waiter *w, uint32_t deadline_ms)
{
	w->flight = f;
	w->next = f->waiters;
	f->waiters = w;
	w->timer = (struct timer){ .fn = waiter_late, .arg = w };
	timer_set(f->dns->loop, &w->timer, deadline_ms);
}

void
dns_ask(struct dns *d, const struct dns_question *q, struct dns_waiter *w)
{
	struct dns_answer a = { .status = MT_NXDOMAIN };
	struct dns_key key = { .type = q->type };
	struct dns_flight *f;

	w->queries = 0;
	if (dns_name_parse(q->name, &key.name) != 0 ||
	    dns_cache_find(d->cache, &key, clock_ms(), &a)) {
		w->fn(w, &a, 0);
		return;
	}
	f = *flight_find(d, &key);
	if (f == NULL) {
		f = flight_new(d, &key);
		w->queries = 1;
	}
	if (f == NULL) {
		a = (struct dns_answer){ .status = MT_SERVFAIL };
		w->fn(w, &a, 0);
		return;
	}
	flight_join(f, w, q->deadline_ms);
}

/* Runs `fn' for each flight; fn may end it. */
static void
flights_each(struct dns *d, void (*fn)(struct dns *, struct dns_flight *))
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct dns_flight *f = d->flights[i], *next; f != NULL; f = next) {
			next = f->next;
			fn(d, f);
		}
}

static void
flight_again(struct dns *d, struct dns_flight *f)
{
	struct dns_answer failed = { .status = MT_SERVFAIL };

	if (!flight_start(d, f))
		flight_land(d, f, &failed);
}

static void
flight_cancel(struct dns *d, struct dns_flight *f)
{
	d->up.cancel(d->up.arg, f->handle);
}

void
dns_forget(struct dns *d)
{
	dns_cache_clear(d->cache);
	flights_each(d, flight_cancel);
	d->up.forget(d->up.arg);
	flights_each(d, flight_again);
}

static void
flight_drop(struct dns *d, struct dns_flight *f)
{
	d->up.cancel(d->up.arg, f->handle);
	flight_unlink(d, f);
	free(f);
}

void
dns_free(struct dns *d)
{
	if (d == NULL)
		return;
	flights_each(d, flight_drop);
	dns_cache_free(d->cache);
	free(d);
}
