/* SPDX-License-Identifier: BSD-2-Clause */
/* Carries bytes between a stream and its session, and keeps its deadlines. */
#include "smtp/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/arena.h"
#include "smtp/upstream.h"

enum { STRESS_TENTHS = 8, TLS_NAME_MAX = 128, JUDGE_AGAIN_MS = 1000 };

struct connection {
	struct connection *next, **prev;
	struct service *service;
	struct sockaddr_storage address;
	struct stream stream;
	struct session *session;
	struct watch watch;
	struct timer deadline, life;
	uint32_t phase;		/* the session's phase that began at: */
	int64_t began_ms;
	struct buf in;		/* read and not yet consumed */
	uint64_t arrived;	/* stream_arrived() when a 250 was to be written */
	bool marked;		/* `arrived' is set */
	bool lingering;		/* all is said */
};

/* What a step found. */
enum progress {
	GO_ON,		/* look again */
	PAUSE,		/* the socket or the judge has to move first */
	OVER		/* the peer is gone */
};

static void
count_changed(struct service *sv, size_t count)
{
	const struct setting_limits *limits = &sv->site.settings->limits;

	sv->count = count;
	sv->site.stressed = count * 10 > (size_t)limits->connections * STRESS_TENTHS;
}

static void
connection_free(struct connection *c)
{
	struct service *sv = c->service;

	session_free(c->session);
	loop_unwatch(sv->loop, &c->watch);
	timer_clear(sv->loop, &c->deadline);
	timer_clear(sv->loop, &c->life);
	stream_fini(&c->stream);
	buf_wipe(&c->in);
	clients_remove(sv->clients, &c->address);
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	count_changed(sv, sv->count - 1);
	free(c);
	if (sv->count == 0 && sv->empty != NULL)
		sv->empty(sv->site.arg);
}

/* Bytes that came after the 250 prove that it was seen; bytes that lay in the
 * kernel by then prove nothing. */
static void
look_for_sign(struct connection *c)
{
	if (!c->marked || stream_arrived(&c->stream) <= c->arrived)
		return;
	c->marked = false;
	session_seen(c->session);
}

static enum progress
flush(struct connection *c)
{
	struct buf *out = session_output(c->session);
	bool accepts = !c->marked && session_is_unseen(c->session);

	if (out->len == 0)
		return GO_ON;
	if (accepts)	/* before it is written: a client may be that fast */
		c->arrived = stream_arrived(&c->stream);
	if (stream_write(&c->stream, out) == STREAM_GONE)
		return OVER;
	if (out->len > 0)
		return PAUSE;
	c->marked = c->marked || accepts;
	return GO_ON;
}

static void
take_off(struct buf *b, size_t n)
{
	memmove(b->p, b->p + n, b->len - n);
	b->len -= n;
	if (b->len == 0)
		buf_free(b);
}

static enum progress
step_read(struct connection *c)
{
	struct service *sv = c->service;
	size_t used = c->in.len == 0 ? 0 :
	    session_input(c->session, buf_span(&c->in)), got;
	enum stream_status status;

	if (used > 0) {
		take_off(&c->in, used);
		return GO_ON;
	}
	status = stream_read(&c->stream, sv->buffer, CONNECTION_READ_BYTES, &got);
	look_for_sign(c);
	if (status == STREAM_GONE)
		return OVER;
	if (status == STREAM_AGAIN)
		return flush(c) == OVER ? OVER : PAUSE;
	if (c->in.len == 0)
		used = session_input(c->session, span_make(sv->buffer, got));
	buf_add(&c->in, sv->buffer + used, got - used);
	return GO_ON;
}

static enum progress
step_quiet(struct connection *c)
{
	session_quiet(c->session, c->in.len > 0 || stream_pending(&c->stream));
	return GO_ON;
}

static enum progress
step_wait(struct connection *c)
{
	(void)c;
	return PAUSE;
}

/* An acceptance is not kept back until the next mail is judged. */
static enum progress
step_judge(struct connection *c)
{
	if (session_is_unseen(c->session) && !c->marked && flush(c) == OVER)
		return OVER;
	return PAUSE;
}

static enum progress
step_tls(struct connection *c)
{
	char name[TLS_NAME_MAX];
	enum progress flushed = flush(c);
	enum stream_status status;

	if (flushed != GO_ON)
		return flushed;
	status = stream_secure(&c->stream, c->service->tls);
	if (status == STREAM_AGAIN)
		return PAUSE;
	if (status == STREAM_OK)
		stream_tls_name(&c->stream, name, sizeof(name));
	session_secured(c->session, status == STREAM_OK ? name : NULL);
	return GO_ON;
}

static enum progress
step_close(struct connection *c)
{
	enum progress flushed = flush(c);

	if (flushed != GO_ON)
		return flushed;
	stream_shutdown(&c->stream);
	c->lingering = true;
	timer_set(c->service->loop, &c->deadline, CONNECTION_LINGER_MS);
	return GO_ON;
}

static enum progress
step_linger(struct connection *c)
{
	enum stream_status status = stream_drain(&c->stream);

	look_for_sign(c);
	if (status == STREAM_GONE)
		return OVER;
	return status == STREAM_OK ? GO_ON : PAUSE;
}

static const struct {
	enum progress (*run)(struct connection *);
	uint32_t events;	/* to wait for after PAUSE */
} steps[] = {
	[SESSION_QUIET] = { step_quiet, EPOLLIN },
	[SESSION_READ] = { step_read, EPOLLIN | EPOLLRDHUP },
	[SESSION_FLUSH] = { flush, 0 },
	[SESSION_WAIT] = { step_wait, EPOLLRDHUP },
	[SESSION_JUDGE] = { step_judge, EPOLLRDHUP },
	[SESSION_TLS] = { step_tls, EPOLLIN },
	[SESSION_CLOSE] = { step_close, 0 },
};

static void
rearm(struct connection *c)
{
	uint32_t phase = session_phase(c->session);
	int64_t due, now = loop_ms(c->service->loop);

	if (c->lingering)
		return;
	if (phase != c->phase) {
		c->phase = phase;
		c->began_ms = now;
	}
	due = c->began_ms + session_allowed_ms(c->session);
	if (c->deadline.slot == 0 || c->deadline.at_ms > due)
		timer_set(c->service->loop, &c->deadline, due - now);
}

/* unfinished: there is more to do without waiting. */
static void
rewatch(struct connection *c, bool unfinished)
{
	enum session_wish wish = session_wish(c->session);
	uint32_t events = c->lingering ? EPOLLIN : steps[wish].events;
	bool unsent = session_output(c->session)->len > 0;

	if (unsent && wish == SESSION_TLS)	/* the 220 goes first */
		events = 0;
	if ((unsent && wish != SESSION_JUDGE && wish != SESSION_WAIT) || c->stream.wants_write || unfinished)
		events |= EPOLLOUT;
	/* What comes while the judge is waited for is rare: until it does, the
	 * watch stays, for the reading that follows. */
	if (events == EPOLLRDHUP && c->watch.events == steps[SESSION_READ].events)
		return;
	if (events != c->watch.events)
		loop_watch(c->service->loop, &c->watch, events);
}

static void
run(struct connection *c)
{
	enum progress p = GO_ON;

	for (int i = 0; p == GO_ON && i < CONNECTION_ROUND_STEPS; i++)
		p = c->lingering ? step_linger(c) :
		    steps[session_wish(c->session)].run(c);
	if (p == OVER) {
		connection_free(c);
		return;
	}
	rearm(c);
	rewatch(c, p == GO_ON);
}

static void
on_event(struct watch *w, uint32_t events)
{
	struct connection *c = w->arg;
	enum session_wish wish = session_wish(c->session);
	bool waiting = !c->lingering && (wish == SESSION_JUDGE || wish == SESSION_WAIT);

	if ((events & ~(uint32_t)EPOLLOUT) != 0)
		stream_readable(&c->stream);
	/* Who leaves while being judged has withdrawn the mail. */
	if (waiting && (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
		connection_free(c);
		return;
	}
	if (waiting && (events & EPOLLIN) != 0)
		loop_watch(c->service->loop, w, EPOLLRDHUP);
	run(c);
}

static void
on_deadline(struct timer *t)
{
	struct connection *c = t->arg;
	enum session_wish wish = session_wish(c->session);

	if (c->lingering || wish == SESSION_CLOSE || wish == SESSION_FLUSH) {
		connection_free(c);	/* it does not read what we say */
		return;
	}
	if (loop_ms(c->service->loop) >= c->began_ms + session_allowed_ms(c->session))
		session_expire(c->session);
	run(c);
}

/* The whole session has its time too, but a judgement is waited for. */
static void
on_life(struct timer *t)
{
	struct connection *c = t->arg;
	enum session_wish wish = session_wish(c->session);

	if (wish == SESSION_JUDGE) {
		timer_set(c->service->loop, &c->life, JUDGE_AGAIN_MS);
		return;
	}
	if (wish == SESSION_TLS)
		session_secured(c->session, NULL);
	else
		session_refuse(c->session, REPLY_TIMEOUT);
	run(c);
}

void
connection_resume(struct connection *c)
{
	run(c);
}

/* Too many: a few words without a session. */
static void
turn_away(struct service *sv, int fd, const struct sockaddr_storage *address,
    enum reply_id id)
{
	char client[CLIENT_TEXT_MAX];
	uint16_t port;
	struct buf b = { 0 };

	reply_add(&b, id);
	if (send(fd, b.p, b.len, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
		shutdown(fd, SHUT_WR);
	close(fd);
	buf_free(&b);
	client_format(address, client, &port);
	sv->site.calls->early(sv->site.arg, 0, span_of(client), id);
}

static struct connection *
connection_open(struct service *sv, int fd, const struct sockaddr_storage *address,
    const struct setting_listener *listener)
{
	struct connection *c = xcalloc(1, sizeof(*c));
	char client[CLIENT_TEXT_MAX];
	struct session_peer peer = { .listener = listener };

	*c = (struct connection){ .service = sv, .address = *address,
		.next = sv->head, .prev = &sv->head,
		.began_ms = loop_ms(sv->loop),
		.watch = { .fd = fd, .fn = on_event, .arg = c },
		.deadline = { .fn = on_deadline, .arg = c },
		.life = { .fn = on_life, .arg = c } };
	stream_init(&c->stream, fd);
	client_format(address, client, &peer.port);
	peer.address = span_of(client);
	peer.trust = upstream_trust(listener, address);
	c->session = session_new(&sv->site, &peer, c);
	if (sv->head != NULL)
		sv->head->prev = &c->next;
	sv->head = c;
	count_changed(sv, sv->count + 1);
	return c;
}

void
connection_new(struct service *sv, int fd, const struct sockaddr_storage *address,
    const struct setting_listener *listener)
{
	const struct setting_limits *limits = &sv->site.settings->limits;
	struct connection *c;
	int on = 1;

	if (sv->count >= limits->connections) {
		turn_away(sv, fd, address, REPLY_FULL);
		return;
	}
	if (!clients_add(sv->clients, address)) {
		turn_away(sv, fd, address, REPLY_FULL_CLIENT);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));	/* unix: no */
	c = connection_open(sv, fd, address, listener);
	timer_set(sv->loop, &c->life, (int64_t)limits->session_s * 1000);
	run(c);
}

void
service_init(struct service *sv, struct loop *l, const struct settings *settings,
    struct tls_server *tls)
{
	*sv = (struct service){ .loop = l, .tls = tls };
	sv->site.settings = settings;
	sv->site.has_tls = tls != NULL;
	sv->site.intake = true;
	sv->clients = clients_new(settings->limits.connections_per_client);
	sv->buffer = xmalloc(CONNECTION_READ_BYTES);
}

void
service_fini(struct service *sv)
{
	while (sv->head != NULL)
		connection_free(sv->head);
	clients_free(sv->clients);
	free(sv->buffer);
}

size_t
service_drain(struct service *sv, enum reply_id id)
{
	struct connection *c, *next;

	for (c = sv->head; c != NULL; c = next) {
		next = c->next;
		if (!c->lingering && session_is_idle(c->session)) {
			session_refuse(c->session, id);
			run(c);
		}
	}
	return sv->count;
}

void
service_close(struct service *sv, enum reply_id id)
{
	while (sv->head != NULL) {
		struct connection *c = sv->head;

		if (session_wish(c->session) == SESSION_JUDGE)
			session_expire(c->session);
		if (session_wish(c->session) != SESSION_TLS)
			session_refuse(c->session, id);
		flush(c);
		connection_free(c);
	}
}
