/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions to DNS: the cache first, then one question in flight however
 * many ask it, each with its own deadline.  Who really asks is the upstream
 * (libunbound in the resolver, a fake in tests).
 */
#ifndef MAILTRI_PIPELINE_DNS_H
#define MAILTRI_PIPELINE_DNS_H

#include "base/loop.h"
#include "pipeline/dns_cache.h"

enum {
	DNS_FLIGHTS_MAX = 8192,	/* asked at once; more is MT_SERVFAIL */
	DNS_FLIGHT_MS = 30000,	/* then the upstream is given up */
	DNS_CACHE_ENTRIES = 65536, DNS_CACHE_BYTES = 48 << 20
};

struct dns;
struct dns_flight;

struct dns_upstream {
	/* A handle for cancel; NULL: it cannot.  dns_answered() follows, from
	 * the loop, never from within, and the handle is no more. */
	void *(*ask)(void *arg, const char *name, uint16_t type, struct dns_flight *);
	void (*cancel)(void *arg, void *handle);
	void (*forget)(void *arg);	/* its own cache; nothing is being asked */
	void *arg;
};

/* Owned by the caller; embed it.  fn runs once, within dns_ask() where the
 * answer is known, and may free the waiter.  rr is borrowed. */
struct dns_waiter {
	void (*fn)(struct dns_waiter *, const struct dns_answer *, uint32_t queries);
	/* private: */
	struct dns_flight *flight;
	struct dns_waiter *next;
	struct timer timer;
	uint32_t queries;
};

struct dns *dns_new(struct loop *, const struct dns_upstream *);
void dns_free(struct dns *);	/* nobody may wait any more */
/* A name that cannot exist is MT_NXDOMAIN at once. */
struct dns_question { struct mt_span name; uint16_t type; uint32_t deadline_ms; };
void dns_ask(struct dns *, const struct dns_question *, struct dns_waiter *);
void dns_answered(struct dns *, struct dns_flight *, struct dns_answer *);
void dns_forget(struct dns *);	/* empties the caches; asks in flight anew */

#endif
