/* SPDX-License-Identifier: BSD-2-Clause */
/* Asking DNS through libunbound. */
#include "pipeline/dns_unbound.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unbound.h>

#include "base/arena.h"
#include "base/log.h"

enum { CLASS_IN = 1, RCODE_NOERROR = 0, RCODE_NXDOMAIN = 3 };

struct dns_unbound {
	struct loop *loop;
	struct dns *dns;
	struct dns_unbound_options options;
	struct ub_ctx *ctx;
	struct watch watch;
	bool used;		/* since the context was made */
};

/* A question's way through the callback, which knows no context. */
struct question {
	struct dns_unbound *unbound;
	struct dns_flight *flight;
	uint16_t type;
	int id;			/* libunbound's */
};

/*
 * Caching, TTLs and retries are ours (dns_cache.h), so a failed server is
 * forgotten soon.  The names libunbound would answer itself are asked like
 * any other: whoever runs the forwarder decides what they are.
 */
static const struct {
	const char *option, *value;
} options[] = {
	{ "do-not-query-localhost:", "no" },
	{ "unblock-lan-zones:", "yes" },
	{ "outgoing-range:", "1024" },
	{ "num-queries-per-thread:", "4096" },
	{ "edns-buffer-size:", "1232" },
	{ "infra-host-ttl:", "5" },
	{ "infra-keep-probing:", "yes" },
	{ "verbosity:", "0" },
};

/* "nodefault" is for unbound.conf alone: libunbound 1.17 takes it and does
 * nothing. */
static const char *const local_zones[] = {
	"127.in-addr.arpa.", "home.arpa.", "invalid.", "test.",
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.",
};

static void
require(int error, const char *what)
{
	if (error != UB_NOERROR)
		log_fatal("resolver: %s: %s", what, ub_strerror(error));
}

static void
configure(struct ub_ctx *ctx, const struct dns_unbound_options *o)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		require(ub_ctx_set_option(ctx, options[i].option, options[i].value),
		    options[i].option);
	require(ub_ctx_set_option(ctx, "module-config:",
	    o->trust_anchor == NULL ? "iterator" : "validator iterator"), "module-config");
	if (o->trust_anchor != NULL)
		require(ub_ctx_add_ta_file(ctx, o->trust_anchor), o->trust_anchor);
	for (size_t i = 0; i < o->nameserver_count; i++)
		require(ub_ctx_set_fwd(ctx, o->nameservers[i]), o->nameservers[i]);
	if (o->nameserver_count == 0)
		require(ub_ctx_resolvconf(ctx, NULL),
		    "/etc/resolv.conf (or name servers in mailtri.conf: nameservers)");
	/* a thread, before the first question: else libunbound forks */
	require(ub_ctx_async(ctx, 1), "a thread");
	for (size_t i = 0; i < sizeof(local_zones) / sizeof(local_zones[0]); i++)
		require(ub_ctx_zone_remove(ctx, local_zones[i]), local_zones[i]);
}

static void
readable(struct watch *w, uint32_t events)
{
	struct dns_unbound *u = w->arg;

	(void)events;
	if (ub_process(u->ctx) != 0)
		log_fatal("resolver: libunbound stopped working");
}

static void
context_open(struct dns_unbound *u)
{
	u->ctx = ub_ctx_create();
	if (u->ctx == NULL)
		log_fatal("resolver: libunbound cannot start: %s", strerror(errno));
	configure(u->ctx, &u->options);
	u->watch = (struct watch){ .fd = ub_fd(u->ctx), .fn = readable, .arg = u };
	if (u->watch.fd < 0 || loop_watch(u->loop, &u->watch, EPOLLIN) != 0)
		log_fatal("resolver: libunbound has no descriptor");
	u->used = false;
}

static void
context_close(struct dns_unbound *u)
{
	loop_unwatch(u->loop, &u->watch);
	ub_ctx_delete(u->ctx);
}

/* What the records say; MT_SERVFAIL where one is no record. */
static void
records_pack(const struct ub_result *r, uint16_t type, struct dns_answer *a, struct buf *rr)
{
	for (size_t i = 0; r->data[i] != NULL; i++) {
		int error = r->len[i] < 0 ? EBADMSG : dns_record_pack(rr, type,
		    span_make(r->data[i], (size_t)r->len[i]));

		if (error == EBADMSG || a->count == DNS_RECORDS_MAX) {
			*a = (struct dns_answer){ .status = MT_SERVFAIL };
			return;
		}
		a->count += error == 0;
	}
	a->rr = buf_span(rr);
	if (a->count == 0)
		a->status = MT_NODATA;
}

static void
result_read(const struct ub_result *r, uint16_t type, struct dns_answer *a, struct buf *rr)
{
	a->ttl = r->ttl < 0 ? 0 : (uint32_t)r->ttl;
	a->secure = r->secure != 0;
	if (r->bogus)
		a->status = MT_BOGUS;
	else if (r->havedata) {
		a->status = MT_OK;
		records_pack(r, type, a, rr);
	} else if (r->nxdomain && r->rcode == RCODE_NXDOMAIN)
		a->status = MT_NXDOMAIN;
	else if (r->rcode == RCODE_NOERROR)
		a->status = MT_NODATA;
}

static void
answered(void *arg, int error, struct ub_result *r)
{
	struct question *q = arg;
	struct dns_answer a = { .status = MT_SERVFAIL };
	struct buf rr = { 0 };

	if (error == 0 && r != NULL)
		result_read(r, q->type, &a, &rr);
	dns_answered(q->unbound->dns, q->flight, &a);
	ub_resolve_free(r);
	buf_free(&rr);
	free(q);
}

static void *
ask(void *arg, const char *name, uint16_t type, struct dns_flight *flight)
{
	struct dns_unbound *u = arg;
	struct question *q = xcalloc(1, sizeof(*q));

	*q = (struct question){ .unbound = u, .flight = flight, .type = type };
	u->used = true;
	if (ub_resolve_async(u->ctx, name, type, CLASS_IN, q, answered, &q->id) == 0)
		return q;
	free(q);
	return NULL;
}

static void
cancel(void *arg, void *handle)
{
	struct dns_unbound *u = arg;
	struct question *q = handle;

	ub_cancel(u->ctx, q->id);	/* from here on no callback */
	free(q);
}

/* libunbound has no way to empty its cache but to begin again. */
static void
forget(void *arg)
{
	struct dns_unbound *u = arg;

	if (!u->used)
		return;
	context_close(u);
	context_open(u);
}

struct dns_unbound *
dns_unbound_new(struct loop *l, const struct dns_unbound_options *o)
{
	struct dns_unbound *u = xcalloc(1, sizeof(*u));

	u->loop = l;
	u->options = *o;
	context_open(u);
	return u;
}

void
dns_unbound_free(struct dns_unbound *u)
{
	if (u == NULL)
		return;
	context_close(u);
	free(u);
}

void
dns_unbound_attach(struct dns_unbound *u, struct dns *dns)
{
	u->dns = dns;
}

struct dns_upstream
dns_unbound_upstream(struct dns_unbound *u)
{
	return (struct dns_upstream){ .ask = ask, .cancel = cancel, .forget = forget,
		.arg = u };
}
