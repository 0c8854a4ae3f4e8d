/* SPDX-License-Identifier: BSD-2-Clause */
/* Fronts: their transactions become mails, verdicts become replies. */
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/proto.h"
#include "pipeline/report.h"

struct front {
	struct front *next;
	struct generation *generation;
	struct channel *channel;
	struct idmap transactions;	/* struct mail, by the front's number */
	uint32_t instance;
};

/* Where a mail's reply goes: hangs on mail->arg. */
struct session {
	struct engine *engine;
	struct front *front;	/* NULL: it withdrew, nobody wants a reply */
	uint32_t transaction;
	bool expected;		/* the store waits a moment for it */
};

static void
reply_send(struct front *f, uint32_t id, const struct verdict *v, const char *text,
    const char *event)
{
	struct buf b = { 0 };

	pack_u16(&b, v->code);
	pack_string(&b, v->enhanced);
	pack_string(&b, text);
	pack_string(&b, event);
	channel_send(f->channel, PROTO_REPLY, id, buf_span(&b), NULL, 0);
	buf_free(&b);
}

static void
withdraw(struct mail *m)
{
	struct session *s = m->arg;

	if (s->front != NULL)
		idmap_remove(&s->front->transactions, s->transaction);
	s->front = NULL;
}

static void
expect(struct mail *m, bool soon)
{
	struct session *s = m->arg;

	if (s->expected != soon)
		store_expect(s->engine->store, soon ? 1 : -1);
	s->expected = soon;
}

void
intake_freed(struct mail *m)
{
	expect(m, false);
	withdraw(m);
	free(m->arg);
}

/* The mail is over unless it was a recipient that may go on to DATA. */
void
intake_reply(struct mail *m, const struct verdict *v, const char *text)
{
	struct session *s = m->arg;
	const char *event = v->disposition == DUPLICATE ? m->duplicate_of : m->event;

	if (s->front != NULL)
		reply_send(s->front, s->transaction, v, text, v->code < 400 ? event : "");
	mail_end(m);
}

static void
rcpt_accepted(struct mail *m)
{
	struct session *s = m->arg;
	struct verdict v = { .code = 250, .enhanced = "2.1.5" };

	if (s->front == NULL)
		mail_end(m);
	else
		reply_send(s->front, s->transaction, &v, "recipient ok", "");
}

void
intake_judged(struct engine *e, struct mail *m)
{
	struct session *s = m->arg;
	bool recipient = !m->has_raw;

	expect(m, false);
	if (!recipient && m->verdict.code < 400 && !reply_is_allowed(e, m))
		m->verdict = verdict_host(550, "5.7.1", "reply.sender", "this address to reply to "
		    "was given to somebody else; write to the address of the task");
	if (recipient && m->verdict.code < 400)
		rcpt_accepted(m);
	else if (s->front == NULL && m->verdict.code < 400)
		mail_end(m);	/* withdrew before the commit: nothing happened */
	else
		commit_mail(e, m);
}

void
intake_recipient(struct engine *e, struct mail *m)
{
	const struct session *s = m->arg;

	if (s->front == NULL) {
		mail_end(m);	/* withdrew while it was looked up */
		return;
	}
	if (m->route != NULL) {
		foresight_ask(e->foresight, m);
		mail_envelope(m);
		return;
	}
	if (m->verdict.code < 400)
		m->verdict = verdict_host(550, "5.1.1", "smtp.rcpt.unknown",
		    "no intent is served at this address; check its spelling");
	m->verdict.phase = PHASE_ENVELOPE;
	commit_mail(e, m);
}

static void
rcpt(struct front *f, struct frame *frame)
{
	struct engine *e = f->generation->engine;
	struct unpack u = unpack_of(frame->body);
	struct envelope envelope;
	struct session *s;
	struct mail *m;

	if (envelope_unpack(&u, NULL, &envelope) != 0 || !unpack_done(&u) ||
	    idmap_find(&f->transactions, frame->id) != NULL) {
		channel_fail(f->channel);
		return;
	}
	m = mail_new(&f->generation->pipeline, &envelope, now_s());
	s = xcalloc(1, sizeof(*s));
	*s = (struct session){ .engine = e, .front = f, .transaction = frame->id };
	m->arg = s;
	idmap_set(&f->transactions, frame->id, m);
	if (m->route != NULL || !reply_ask(e, m))
		intake_recipient(e, m);
}

static void
seen_done(struct store_job *job)
{
	free(job->arg);
}

/* Events whose answer somebody has seen: the rest of a frame. */
static void
seen_take(struct front *f, struct unpack *u)
{
	while (!unpack_done(u)) {
		struct mt_span event = unpack_span(u);
		struct queue_seen *s;

		if (u->bad || event.len == 0 || event.len >= QUEUE_EVENT_SIZE)
			return;
		s = xcalloc(1, sizeof(*s));
		memcpy(s->event, event.ptr, event.len);
		s->job.done = seen_done;
		s->job.arg = s;
		queue_seen(f->generation->engine->store, s);
	}
}

static void
message(struct front *f, struct frame *frame)
{
	struct mail *m = idmap_find(&f->transactions, frame->id);
	struct unpack u = unpack_of(frame->body);
	struct mail_bytes raw;
	struct verdict late = verdict_host(451, "4.3.0", "host.busy",
	    "not ready to judge this mail; try again later");

	if (mail_bytes_take(&u, frame, &raw) != 0) {
		channel_fail(f->channel);
		return;
	}
	seen_take(f, &u);
	if (raw.span.len > f->generation->settings->limits.message_bytes) {
		mail_bytes_free(&raw);
		channel_fail(f->channel);	/* a front counts: this one lies */
		return;
	}
	if (m == NULL || m->phase != 0 || m->has_raw || m->committing) {
		mail_bytes_free(&raw);
		reply_send(f, frame->id, &late, "host.busy: try again later", "");
		return;
	}
	m->now = now_s();
	expect(m, true);
	mail_message(m, raw);
}

static void
end(struct front *f, struct frame *frame)
{
	struct mail *m = idmap_find(&f->transactions, frame->id);

	if (m == NULL)
		return;
	withdraw(m);
	if (!m->committing)
		mail_end(m);
}

static void
seen(struct front *f, struct frame *frame)
{
	struct unpack u = unpack_of(frame->body);

	seen_take(f, &u);
}

static void
early(struct front *f, struct frame *frame)
{
	struct unpack u = unpack_of(frame->body);
	struct mt_span client = unpack_span(&u);
	struct mt_span reason = unpack_span(&u);
	struct mt_span text = unpack_span(&u);

	if (!u.bad)
		early_add(f->generation->engine->early, client, reason, text, now_s());
}

static void
front_frame(struct channel *c, struct frame *frame, void *arg)
{
	static const struct {
		uint32_t type;
		void (*fn)(struct front *, struct frame *);
	} table[] = {
		{ PROTO_RCPT, rcpt }, { PROTO_MESSAGE, message }, { PROTO_END, end },
		{ PROTO_SEEN, seen }, { PROTO_EARLY, early },
	};
	struct front *f = arg;

	if (frame->type == PROTO_READY) {
		engine_ready(f->generation->engine, f->instance);
		return;
	}
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].type == frame->type) {
			table[i].fn(f, frame);
			return;
		}
	channel_fail(c);
}

static void
orphan(void *value, void *arg)
{
	struct mail *m = value;

	(void)arg;
	withdraw(m);
	if (!m->committing)
		mail_end(m);
}

static void
front_free(struct front *f)
{
	idmap_each(&f->transactions, orphan, NULL);
	for (struct front **at = &f->generation->engine->fronts; *at != NULL;
	    at = &(*at)->next)
		if (*at == f) {
			*at = f->next;
			break;
		}
	f->generation->fronts--;
	generation_look(f->generation);
	idmap_free(&f->transactions);
	channel_free(f->channel);
	free(f);
}

static void
front_gone(struct channel *c, void *arg)
{
	struct front *f = arg;

	(void)c;
	if (f->generation == f->generation->engine->current)
		log_warning("a front is gone; its sessions are over");
	front_free(f);
}

void
intake_leave(struct generation *g)
{
	struct front *f = g->engine->fronts, *next;

	for (; f != NULL; f = next) {
		next = f->next;
		if (f->generation == g)
			front_free(f);
	}
}

static void
intake_tell(struct front *f, bool open)
{
	struct buf b = { 0 };

	pack_u8(&b, open);
	channel_send(f->channel, PROTO_INTAKE, 0, buf_span(&b), NULL, 0);
	buf_free(&b);
}

void
intake_join(struct generation *g, int fd, uint32_t instance)
{
	struct engine *e = g->engine;
	struct front *f = xcalloc(1, sizeof(*f));

	*f = (struct front){ .next = e->fronts, .generation = g, .instance = instance };
	f->channel = channel_new(e->loop, fd, front_frame, front_gone, f);
	e->fronts = f;
	g->fronts++;
	if (g->since_s != 0)
		intake_tell(f, e->intake_open);
}

void
intake_serve(struct generation *g)
{
	for (struct front *f = g->engine->fronts; f != NULL; f = f->next)
		if (f->generation == g)
			intake_tell(f, g->engine->intake_open);
}

/* Every role must have been there once.  A worker that died later costs its
 * mail in hand a 451; the others wait for its successor, who comes soon. */
static bool
roles_ready(const struct engine *e)
{
	const struct generation *g = e->current;

	if (g->resolver == NULL)
		return false;
	for (size_t i = 0; i < g->pool_count && !e->announced; i++)
		if (strcmp(pool_role(g->pools[i]), "worker-net") != 0 &&
		    !pool_ready(g->pools[i]))
			return false;
	return true;
}

/* At the start all roles must be there.  Later one that is started again
 * makes mail wait a moment, not go away. */
static bool
intake_ready(const struct engine *e)
{
	return !e->check && e->recovered && slots_count(e->slots) > 0 &&
	    (e->announced || roles_ready(e));
}

static void
intake_log(const struct engine *e, bool ready)
{
	uint64_t reserve = e->current->settings->limits.disk_reserve_bytes;

	if (e->intake_open)
		log_info("intake is open");
	else if (!ready)
		log_warning("intake is closed: keys are missing");
	else
		log_warning("intake is closed: %s has less than %llu MiB free (disk_reserve), mail is "
		    "answered 452 until it has: make room there, or lower disk_reserve",
		    store_dir(e->store), (unsigned long long)(reserve >> 20));
}

/* Ready without room is told as well: whoever started us waits, and clients
 * are to hear a 452. */
void
intake_update(struct engine *e)
{
	bool ready = intake_ready(e);
	bool open = ready && store_room(e->store,
	    e->current->settings->limits.disk_reserve_bytes) == STORE_ROOM;

	if (open == e->intake_open && (e->announced || !ready))
		return;
	e->intake_open = open;
	intake_log(e, ready);
	for (struct front *f = e->fronts; f != NULL; f = f->next)
		if (f->generation->since_s != 0)
			intake_tell(f, open);
	if (!e->announced)	/* the fronts know before whoever started us */
		channel_send(e->master, PROTO_READY, 0, SPAN(""), NULL, 0);
	e->announced = true;
}
