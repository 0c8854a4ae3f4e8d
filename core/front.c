/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The front: speaks SMTP with clients and asks the engine about every
 * recipient and every message.  It knows no stage, no verdict and no file;
 * what it tells the engine is what a client said and over which connection.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/frame.h"
#include "base/log.h"
#include "base/proto.h"
#include "base/sandbox.h"
#include "mail/envelope.h"
#include "smtp/listener.h"

enum {
	EXIT_ENGINE_GONE = 75,	/* the master starts us again */
	BUCKETS = 4096,
	STOP_LOOK_MS = 200, STOP_LOOKS = 50,	/* ten seconds to finish */
	SEEN_MS = 20,		/* without a message to go with */
	SEEN_BYTES_MAX = 8 << 10
};

/* A transaction the engine knows, by its id. */
struct transaction {
	struct transaction *next;
	uint32_t id;
	struct session *session;
};

struct front {
	struct loop *loop;
	struct settings *settings;
	struct channel *engine;
	struct service service;
	struct listener **listeners;
	struct transaction *transactions[BUCKETS];
	struct buf seen;	/* events whose answer was, still to be told */
	struct timer seen_late;
	struct watch signals;
	struct timer stop;
	bool draining, stopping;
	int stop_looks;
	int status;		/* to exit with */
};

static struct transaction **
transaction_find(struct front *f, uint32_t id)
{
	struct transaction **t = &f->transactions[id % BUCKETS];

	while (*t != NULL && (*t)->id != id)
		t = &(*t)->next;
	return t;
}

static void
transaction_add(struct front *f, struct session *s)
{
	uint32_t id = session_transaction(s);
	struct transaction *t = xcalloc(1, sizeof(*t));

	*t = (struct transaction){ f->transactions[id % BUCKETS], id, s };
	f->transactions[id % BUCKETS] = t;
}

static void
transaction_remove(struct front *f, uint32_t id)
{
	struct transaction **at = transaction_find(f, id), *t = *at;

	if (t == NULL)
		log_panic("transaction %u ended twice", id);
	*at = t->next;
	free(t);
}

static struct envelope
envelope_of(const struct session *s)
{
	const struct session_peer *peer = session_peer(s);
	struct envelope e = {
		.client = session_client(s), .port = session_client_port(s),
		.upstream = session_upstream(s), .listener = span_of(peer->listener->address),
		.helo = session_helo(s), .sender = session_sender(s),
		.rcpt = session_rcpt(s), .tls = session_tls(s),
		.size = session_size(s),
	};

	if (e.tls.len > 0)
		e.flags |= ENVELOPE_TLS;
	if (peer->listener->protocol == PROTOCOL_LMTP)
		e.flags |= ENVELOPE_LMTP;
	if (session_is_esmtp(s))
		e.flags |= ENVELOPE_ESMTP;
	if (session_is_utf8(s))
		e.flags |= ENVELOPE_UTF8;
	if (session_is_8bit(s))
		e.flags |= ENVELOPE_8BIT;
	return e;
}

static int
ask_rcpt(struct session *s)
{
	struct front *f = session_site(s)->arg;
	struct envelope e = envelope_of(s);
	struct buf b = { 0 };

	transaction_add(f, s);
	envelope_pack(&b, &e);
	channel_send(f->engine, PROTO_RCPT, session_transaction(s), buf_span(&b),
	    NULL, 0);
	buf_free(&b);
	return 0;
}

static int
ask_message(struct session *s, struct mt_span raw)
{
	struct front *f = session_site(s)->arg;
	struct buf b = { 0 };
	int fd = bytes_pack(&b, raw);

	fault_point("front.message");
	if (fd != -2) {
		buf_add(&b, f->seen.p, f->seen.len);
		buf_reset(&f->seen);
		channel_send(f->engine, PROTO_MESSAGE, session_transaction(s),
		    buf_span(&b), &fd, fd >= 0 ? 1 : 0);
	}
	if (fd >= 0)
		close(fd);
	buf_free(&b);
	return fd == -2 ? EMFILE : 0;
}

static void
tell_end(struct session *s, bool answered)
{
	struct front *f = session_site(s)->arg;

	transaction_remove(f, session_transaction(s));
	if (!answered)
		channel_send(f->engine, PROTO_END, session_transaction(s), SPAN(""),
		    NULL, 0);
}

static void
seen_send(struct front *f)
{
	if (f->seen.len > 0)
		channel_send(f->engine, PROTO_SEEN, 0, buf_span(&f->seen), NULL, 0);
	buf_reset(&f->seen);
}

static void
on_seen_late(struct timer *t)
{
	seen_send(t->arg);
}

/* It goes with the next message, so that it is committed before a mail that
 * comes again, and costs no frame of its own. */
static void
tell_seen(struct session *s, struct mt_span event)
{
	struct front *f = session_site(s)->arg;

	if (f->seen.len == 0)
		timer_set(f->loop, &f->seen_late, SEEN_MS);
	pack_span(&f->seen, event);
	if (f->seen.len > SEEN_BYTES_MAX)
		seen_send(f);
}

static void
tell_early(void *arg, uint32_t transaction, struct mt_span client, enum reply_id id)
{
	struct front *f = arg;
	const struct reply *r = reply_get(id);
	struct buf b = { 0 }, text = { 0 };

	buf_printf(&text, "%u %s %s", r->code, r->enhanced, r->text);
	pack_span(&b, client);
	pack_span(&b, reply_reason(id));
	pack_span(&b, buf_span(&text));
	channel_send(f->engine, PROTO_EARLY, transaction, buf_span(&b), NULL, 0);
	buf_free(&text);
	buf_free(&b);
}

static const struct session_calls calls = {
	ask_rcpt, ask_message, tell_end, tell_seen, tell_early
};

static bool
on_reply(struct front *f, struct frame *frame)
{
	struct unpack u = unpack_of(frame->body);
	struct session_answer a = { .code = unpack_u16(&u) };
	struct transaction *t = *transaction_find(f, frame->id);
	struct connection *c;

	a.enhanced = unpack_span(&u);
	a.text = unpack_span(&u);
	a.event = unpack_span(&u);
	if (!unpack_done(&u))
		return false;
	if (t == NULL)		/* the session left meanwhile */
		return true;
	if (a.event.len > 0)
		fault_point("front.answer");
	c = session_owner(t->session);
	session_answer(t->session, &a);
	connection_resume(c);
	return true;
}

/* Clients are taken from the moment the engine says whether there is room. */
static void
listeners_open(struct front *f)
{
	if (f->listeners != NULL || f->draining)
		return;
	f->listeners = xcalloc(f->settings->listener_count, sizeof(*f->listeners));
	for (size_t i = 0; i < f->settings->listener_count; i++)
		f->listeners[i] = listener_new(&f->service, PROTO_FIRST_FD + (int)i,
		    &f->settings->listeners[i]);
}

static void
listeners_close(struct front *f)
{
	for (size_t i = 0; f->listeners != NULL && i < f->settings->listener_count; i++)
		listener_free(f->listeners[i]);
	free(f->listeners);
	f->listeners = NULL;
}

static bool
on_intake(struct front *f, struct frame *frame)
{
	struct unpack u = unpack_of(frame->body);

	f->service.site.intake = unpack_u8(&u) != 0;
	listeners_open(f);
	return unpack_done(&u);
}

static void
on_frame(struct channel *ch, struct frame *frame, void *arg)
{
	static const struct {
		uint32_t type;
		bool (*run)(struct front *, struct frame *);
	} frames[] = {
		{ PROTO_REPLY, on_reply },
		{ PROTO_INTAKE, on_intake },
	};

	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		if (frames[i].type == frame->type) {
			if (!frames[i].run(arg, frame))
				channel_fail(ch);
			return;
		}
	channel_fail(ch);
}

static void
on_engine_gone(struct channel *ch, void *arg)
{
	struct front *f = arg;

	(void)ch;
	log_warning("the engine is gone: all sessions get a temporary refusal");
	f->status = EXIT_ENGINE_GONE;
	loop_stop(f->loop);
}

static void
on_empty(void *arg)
{
	loop_stop(((struct front *)arg)->loop);
}

/* Sessions end where a mail ends; only SIGTERM cuts off what takes longer. */
static void
on_stop(struct timer *t)
{
	struct front *f = t->arg;

	service_drain(&f->service, f->stopping ? REPLY_SHUTDOWN : REPLY_RELOADED);
	if (f->stopping && ++f->stop_looks > STOP_LOOKS)
		loop_stop(f->loop);
	else
		timer_set(f->loop, t, STOP_LOOK_MS);
}

/* No new clients.  SIGHUP: a newer front has them, ours may take their time,
 * at the second one no longer; SIGTERM: mails in hand are finished. */
static void
on_signal(struct watch *w, uint32_t events)
{
	struct front *f = w->arg;
	struct signalfd_siginfo info;
	bool again;

	(void)events;
	if (read(w->fd, &info, sizeof(info)) != sizeof(info) || f->stopping)
		return;
	again = f->draining;
	f->stopping = info.ssi_signo == SIGTERM;
	f->draining = true;
	listeners_close(f);
	f->service.empty = on_empty;
	if (f->service.count == 0)
		loop_stop(f->loop);
	else if (f->stopping || again)
		on_stop(&f->stop);
	else
		timer_set(f->loop, &f->stop, (int64_t)f->settings->limits.drain_s * 1000);
}

static void
signals_open(struct front *f)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);	/* OpenSSL writes with write() */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	f->signals = (struct watch){ .fn = on_signal, .arg = f,
		.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK) };
	if (f->signals.fd < 0 || loop_watch(f->loop, &f->signals, EPOLLIN) != 0)
		log_panic("signalfd: %s", strerror(errno));
	f->stop = (struct timer){ .fn = on_stop, .arg = f };
}

/* NULL where no listener wants TLS and none is configured. */
static struct tls_server *
tls_load(const struct settings *settings)
{
	struct secrets *secrets = secrets_receive();
	struct tls_server *tls = settings->tls_count == 0 ? NULL : tls_server_new();

	for (size_t i = 0; i < settings->tls_count; i++) {
		char name[32];
		const struct secret *certificate, *key;
		const char *why;

		snprintf(name, sizeof(name), "tls.cert.%zu", i);
		certificate = secrets_find(secrets, name);
		snprintf(name, sizeof(name), "tls.key.%zu", i);
		key = secrets_find(secrets, name);
		why = certificate == NULL || key == NULL ? "not received" :
		    tls_server_add(tls, certificate->value, key->value);
		if (why != NULL)
			log_fatal("%s: certificate %s, key %s: %s", settings->file,
			    settings->tls_certificates[i], settings->tls_keys[i], why);
	}
	secrets_free(secrets);
	return tls;
}

/* As many descriptors as allowed: one a client, a few in flight. */
static void
descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Bytes of a session besides its message: TLS, lines, recipients. */
enum { SESSION_BYTES = 256 << 10 };

/* A client is a socket, and a memfd where its message is large; bytes that
 * come in are copied as their buffer grows. */
static void
lock(const struct setting_limits *limits)
{
	const struct sandbox_grant grant = { .files = 2 * limits->connections,
		.memory = 4 * limits->inflight_bytes +
		(uint64_t)limits->connections * SESSION_BYTES,
		.maps = limits->inflight_bytes };

	sandbox_lock(SANDBOX_FRONT, &grant);
}

static void
front_open(struct front *f)
{
	struct tls_server *tls;

	descriptors_raise();
	f->settings = settings_receive();
	tls = tls_load(f->settings);
	f->loop = loop_new();
	f->seen_late = (struct timer){ .fn = on_seen_late, .arg = f };
	signals_open(f);
	f->engine = channel_new(f->loop, PROTO_CHANNEL_FD, on_frame,
	    on_engine_gone, f);
	service_init(&f->service, f->loop, f->settings, tls);
	f->service.site.calls = &calls;
	f->service.site.arg = f;
	lock(&f->settings->limits);
	channel_send(f->engine, PROTO_READY, 0, SPAN(""), NULL, 0);
}

static void
front_close(struct front *f)
{
	listeners_close(f);
	service_close(&f->service, REPLY_SHUTDOWN);
	tls_server_free(f->service.tls);
	service_fini(&f->service);
	seen_send(f);
	buf_free(&f->seen);
	channel_free(f->engine);
	loop_unwatch(f->loop, &f->signals);
	close(f->signals.fd);
	loop_free(f->loop);
	settings_free(f->settings);
}

/* --try: would it start?  tls_load() ends what would not. */
static int
try(void)
{
	struct settings *settings = settings_receive();

	tls_server_free(tls_load(settings));
	settings_free(settings);
	return 0;
}

int
main(int argc, char **argv)
{
	struct front f = { 0 };

	log_open("front", false);
	sandbox_enter();
	if (argc == 3 && strcmp(argv[2], "--try") == 0)
		return try();
	front_open(&f);
	loop_run(f.loop);
	front_close(&f);
	return f.status;
}
