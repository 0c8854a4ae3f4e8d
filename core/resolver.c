/* SPDX-License-Identifier: BSD-2-Clause */
/* The resolver: questions to DNS in, answers out; and connections dialled
 * for worker-net, which itself has no network. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/frame.h"
#include "base/log.h"
#include "base/proto.h"
#include "base/sandbox.h"
#include "conf/settings.h"
#include "dispatch/dialer.h"
#include "pipeline/dns_ask.h"
#include "pipeline/dns_unbound.h"

struct resolver {
	struct loop *loop;
	struct channel *engine;
	struct dns *dns;
	struct dialer dialer;
	struct buf answers;	/* to the frame in hand: one frame back */
	bool asking;
};

/* One question of the engine's, on its way. */
struct ask {
	struct dns_waiter waiter;	/* first, so that it is the ask */
	struct resolver *resolver;
	uint32_t id;
	uint16_t type;
	size_t name_len;
	char name[];		/* as asked: the engine knows it by that */
};

static void
answers_send(struct resolver *r, uint32_t id)
{
	if (r->answers.len > 0)
		channel_send(r->engine, PROTO_ANSWER, id, buf_span(&r->answers), NULL, 0);
	buf_reset(&r->answers);
}

static void
ask_answered(struct dns_waiter *w, const struct dns_answer *a, uint32_t queries)
{
	struct ask *ask = (struct ask *)(void *)w;
	struct resolver *r = ask->resolver;
	struct dns_answer answer = *a;
	struct buf *b = &r->answers;

	if (a->rr.len > FRAME_MAX / 2)
		answer = (struct dns_answer){ .status = MT_SERVFAIL };
	if (b->len + answer.rr.len > FRAME_MAX / 2)
		answers_send(r, ask->id);
	pack_span(b, span_make(ask->name, ask->name_len));
	pack_u16(b, ask->type);
	pack_u32(b, (uint32_t)answer.status);
	pack_u32(b, answer.ttl);
	pack_u32(b, answer.secure);
	pack_u32(b, answer.count);
	buf_add(b, answer.rr.ptr, answer.rr.len);
	pack_u32(b, queries);
	if (!r->asking)
		answers_send(r, ask->id);
	free(ask);
}

static void
ask_start(struct resolver *r, uint32_t id, const struct dns_question *q)
{
	struct ask *ask = xmalloc(sizeof(*ask) + q->name.len);

	*ask = (struct ask){ .waiter = { .fn = ask_answered }, .resolver = r, .id = id,
		.type = q->type, .name_len = q->name.len };
	if (q->name.len > 0)
		memcpy(ask->name, q->name.ptr, q->name.len);
	dns_ask(r->dns, q, &ask->waiter);
}

static bool
on_ask(struct resolver *r, struct frame *f)
{
	struct dns_asks asks;
	struct dns_question q;

	fault_point("resolver.ask");
	if (dns_asks_open(f->body, &asks) != 0)
		return false;
	r->asking = true;
	while (dns_asks_next(&asks, &q))
		ask_start(r, f->id, &q);
	r->asking = false;
	answers_send(r, f->id);
	return true;
}

static bool
on_dial(struct resolver *r, struct frame *f)
{
	struct dial_request request;

	fault_point("resolver.dial");
	if (dial_request_unpack(f->body, &request) != 0)
		return false;
	dialer_dial(&r->dialer, f->id, &request);
	return true;
}

static void
on_dialled(struct dialer *d, uint32_t id, int error, const char *text, int fd)
{
	struct resolver *r = d->arg;
	struct buf b = { 0 };

	pack_u32(&b, (uint32_t)error);
	pack_string(&b, text);
	channel_send(r->engine, PROTO_DIALLED, id, buf_span(&b), &fd, error == 0 ? 1 : 0);
	if (fd >= 0)
		close(fd);
	buf_free(&b);
}

static bool
on_forget(struct resolver *r, struct frame *f)
{
	(void)f;
	dns_forget(r->dns);
	return true;
}

static const struct {
	uint32_t type;
	bool (*run)(struct resolver *, struct frame *);	/* false: unreadable */
} requests[] = {
	{ PROTO_ASK, on_ask }, { PROTO_DIAL, on_dial }, { PROTO_FORGET, on_forget },
};

static void
on_frame(struct channel *c, struct frame *f, void *arg)
{
	(void)c;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i].type == f->type && requests[i].run(arg, f))
			return;
	log_fatal("the engine sent what cannot be read (frame %u): are all programs of one "
	    "version?", f->type);
}

/* Waiters are not unwound: the process ends here. */
static void
on_gone(struct channel *c, void *arg)
{
	(void)c;
	(void)arg;
	exit(0);
}

/* Before libunbound starts its thread, and so before it reads its files. */
static void
lock(const struct settings *s)
{
	static const char *const files[] = { "/etc/resolv.conf", "/etc/hosts",
		"/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/localtime",
		"/etc/services", "/etc/ssl/openssl.cnf", "/usr/lib/ssl/openssl.cnf",
		"/dev/urandom", "/lib", "/usr/lib", "/etc/ld.so.cache" };
	struct sandbox_grant grant = { 0 };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		sandbox_grant_path(&grant, files[i], false);
	if (s->trust_anchor != NULL)
		sandbox_grant_path(&grant, s->trust_anchor, false);
	sandbox_lock(SANDBOX_RESOLVER, &grant);
}

int
main(void)
{
	struct settings *s;
	struct resolver r = { 0 };
	struct dial_targets targets;
	struct dns_unbound_options options;
	struct dns_unbound *unbound;
	struct dns_upstream upstream;

	log_open("resolver", false);
	sandbox_enter();
	s = settings_receive();
	lock(s);
	options = (struct dns_unbound_options){ .nameserver_count = s->nameserver_count,
		.nameservers = s->nameservers, .trust_anchor = s->trust_anchor };
	r.loop = loop_new();
	unbound = dns_unbound_new(r.loop, &options);
	upstream = dns_unbound_upstream(unbound);
	r.dns = dns_new(r.loop, &upstream);
	dns_unbound_attach(unbound, r.dns);
	dial_targets_load(&targets, &s->arena, s);
	r.dialer = (struct dialer){ .loop = r.loop, .dns = r.dns, .targets = &targets,
		.done = on_dialled, .arg = &r };
	r.engine = channel_new(r.loop, PROTO_CHANNEL_FD, on_frame, on_gone, &r);
	channel_send(r.engine, PROTO_READY, 0, SPAN(""), NULL, 0);
	loop_run(r.loop);	/* ends in on_gone() */
	return 0;
}
