/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections out, made without ever blocking. */
#include "dispatch/dialer.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct dial {
	struct dialer *dialer;
	uint32_t id;
	char host[DNS_NAME_MAX + 1];
	uint16_t port;
	bool private;
	struct dns_waiter a, aaaa;
	int asked;		/* answers still to come */
	union dial_address list[DIAL_ADDRESSES_MAX];
	size_t count, next;
	int64_t end_ms;
	struct watch watch;
	struct timer timer;
	int error;		/* of the last address tried or refused */
	char text[DIAL_TEXT_MAX];
};

static void dial_next(struct dial *);

static const char *const failures[] = {
	[MT_NODATA] = "the name has no address", [MT_NXDOMAIN] = "no such name",
	[MT_SERVFAIL] = "DNS failed", [MT_TIMEOUT] = "no answer from DNS",
	[MT_BOGUS] = "DNSSEC validation failed",
};

static void
dial_end(struct dial *d, int error, int fd)
{
	struct dialer *dialer = d->dialer;

	dialer->count--;
	dialer->done(dialer, d->id, error, error == 0 ? "" : d->text, fd);
	free(d);
}

static void
why(struct dial *d, int error, const char *address, const char *text)
{
	d->error = error;
	snprintf(d->text, sizeof(d->text), "%s%s%s: %s", d->host,
	    address[0] == '\0' ? "" : " at ", address, text);
}

static void
watch_end(struct dial *d)
{
	timer_clear(d->dialer->loop, &d->timer);
	loop_unwatch(d->dialer->loop, &d->watch);
}

static void
attempt_failed(struct dial *d, int error)
{
	char text[DIAL_ADDRESS_TEXT_MAX];

	why(d, error, dial_address_format(text, &d->list[d->next - 1]), strerror(error));
	if (d->watch.fd >= 0) {
		watch_end(d);
		close(d->watch.fd);
		d->watch.fd = -1;
	}
	dial_next(d);
}

static void
connected(struct watch *w, uint32_t events)
{
	struct dial *d = w->arg;
	int error = 0, on = 1;
	socklen_t size = sizeof(error);

	(void)events;
	if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (error != 0) {
		attempt_failed(d, error);
		return;
	}
	watch_end(d);
	setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	dial_end(d, 0, w->fd);
}

static void
attempt_late(struct timer *t)
{
	attempt_failed(t->arg, ETIMEDOUT);
}

static int
attempt(struct dial *d, const union dial_address *a)
{
	int64_t left = d->end_ms - clock_ms();
	int fd, error;

	if (left <= 0)
		return ETIMEDOUT;
	fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	d->watch = (struct watch){ .fd = fd, .fn = connected, .arg = d };
	if (connect(fd, &a->any, dial_address_size(a)) < 0 && errno != EINPROGRESS)
		return errno;
	if ((error = loop_watch(d->dialer->loop, &d->watch, EPOLLOUT)) != 0)
		return error;
	if (d->next < d->count && left > DIAL_ADDRESS_MS)
		left = DIAL_ADDRESS_MS;
	timer_set(d->dialer->loop, &d->timer, left);
	return 0;
}

/* The next address of the list; at its end, the last error is the answer. */
static void
dial_next(struct dial *d)
{
	int error;

	if (d->next == d->count) {
		if (d->error == 0)
			why(d, ENOENT, "", failures[MT_NODATA]);
		dial_end(d, d->error, -1);
		return;
	}
	d->watch.fd = -1;
	if ((error = attempt(d, &d->list[d->next++])) != 0)
		attempt_failed(d, error);
}

static bool
address_allowed(struct dial *d, const union dial_address *a)
{
	enum dial_class class = dial_address_classify(a);
	char text[DIAL_ADDRESS_TEXT_MAX];

	if (class == DIAL_PUBLIC || (class == DIAL_PRIVATE && d->private))
		return true;
	why(d, EACCES, dial_address_format(text, a), class == DIAL_NEVER ?
	    "no connection is made to such an address" :
	    "a private address; the target's _private option would allow it");
	return false;
}

/* IPv4 first, whichever answer came first: it is there where IPv6 may not be. */
static void
address_add(struct dial *d, const union dial_address *a)
{
	size_t at = d->count;

	if (d->count >= DIAL_ADDRESSES_MAX || !address_allowed(d, a))
		return;
	while (at > 0 && a->any.sa_family == AF_INET &&
	    d->list[at - 1].any.sa_family == AF_INET6) {
		d->list[at] = d->list[at - 1];
		at--;
	}
	d->list[at] = *a;
	d->count++;
}

static void
addresses_take(struct dial *d, const struct dns_answer *a, uint16_t type)
{
	struct unpack u = unpack_of(a->rr);

	if (a->status != MT_OK) {
		if (d->error == 0 || a->status != MT_NODATA)
			why(d, a->status == MT_NODATA || a->status == MT_NXDOMAIN ?
			    ENOENT : EAGAIN, "", failures[a->status]);
		return;
	}
	for (uint32_t i = 0; i < a->count; i++) {
		struct mt_span rr = unpack_span(&u);
		union dial_address address;

		if (type == DNS_A && rr.len == 4)
			dial_address_from4(&address, (const unsigned char *)rr.ptr, d->port);
		else if (type == DNS_AAAA && rr.len == 16)
			dial_address_from6(&address, (const unsigned char *)rr.ptr, d->port);
		else
			continue;
		address_add(d, &address);
	}
}

static void
resolved(struct dial *d)
{
	if (--d->asked == 0)
		dial_next(d);
}

static struct dial *
dial_of(struct dns_waiter *w, size_t offset)
{
	return (struct dial *)(void *)((char *)w - offset);
}

static void
resolved4(struct dns_waiter *w, const struct dns_answer *a, uint32_t queries)
{
	struct dial *d = dial_of(w, offsetof(struct dial, a));

	(void)queries;
	addresses_take(d, a, DNS_A);
	resolved(d);
}

static void
resolved6(struct dns_waiter *w, const struct dns_answer *a, uint32_t queries)
{
	struct dial *d = dial_of(w, offsetof(struct dial, aaaa));

	(void)queries;
	addresses_take(d, a, DNS_AAAA);
	resolved(d);
}

static void
resolve(struct dial *d)
{
	struct dns_question q = { .name = span_of(d->host), .type = DNS_A,
		.deadline_ms = DIAL_MS };

	d->asked = 2;
	d->a.fn = resolved4;
	d->aaaa.fn = resolved6;
	dns_ask(d->dialer->dns, &q, &d->a);	/* two are awaited: d lives */
	q.type = DNS_AAAA;
	dns_ask(d->dialer->dns, &q, &d->aaaa);
}

static struct dial *
dial_new(struct dialer *dialer, uint32_t id, const struct dial_target *t, bool private)
{
	struct dial *d = xcalloc(1, sizeof(*d));

	d->dialer = dialer;
	d->id = id;
	d->port = t->port;
	d->private = t->private && private;
	d->end_ms = clock_ms() + DIAL_MS;
	d->watch.fd = -1;
	d->timer = (struct timer){ .fn = attempt_late, .arg = d };
	snprintf(d->host, sizeof(d->host), "%s", t->host);
	dialer->count++;
	return d;
}

static void
dial_start(struct dial *d, const struct dial_target *t)
{
	union dial_address address;

	if (t->address[0] == '\0') {
		resolve(d);
		return;
	}
	if (dial_address_parse(t->address, t->port, &address) == 0)
		address_add(d, &address);
	dial_next(d);
}

void
dialer_dial(struct dialer *dialer, uint32_t id, const struct dial_request *r)
{
	const struct dial_target *t = dial_targets_find(dialer->targets, r);

	if (t == NULL)
		dialer->done(dialer, id, EACCES, "no target of the configuration is this host",
		    -1);
	else if (dialer->count >= DIALS_MAX)
		dialer->done(dialer, id, EAGAIN, "too many connections are being made", -1);
	else
		dial_start(dial_new(dialer, id, t, r->private), t);
}
