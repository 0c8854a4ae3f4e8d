/* SPDX-License-Identifier: BSD-2-Clause */
/* Members of a role: requests in order, deadlines, deaths. */
#include "pipeline/pool.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/idmap.h"
#include "base/log.h"
#include "base/proto.h"

enum { PEER_DEPTH = 16, SHARED_DEPTH = 4,	/* requests on one peer: the only one, of several */
	UNORDERED_DEPTH = 1024,
	SLOW_MS = 250,	/* in hand so long, and those behind it go elsewhere */
	FATE_MS = 1000	/* until it is known how a peer ended */ };

struct queue {
	struct request *head, *tail;
};

static struct request recalled;	/* stands in by_id for any of them */

struct peer {
	struct peer *next;
	struct pool *pool;
	struct channel *channel;
	struct timer deadline;
	struct queue sent;
	size_t depth, keeps;	/* keeps: requests whose state it holds */
	int64_t due_ms;		/* loop_ms(): then it is killed */
	bool slow;		/* its head takes long: nobody waits behind that */
	size_t recalled;	/* sent, and by now another's: nobody wants its replies */
	uint32_t recalled_ms;	/* the longest deadline of those */
	struct idmap by_id;
	uint32_t instance;
	bool ready, dead, unlisted;
	bool accused;		/* it lied or hung: no signal of ours clears it */
	bool fate_known;
	uint32_t fate;		/* signal it died of */
	struct request *victim;	/* it was in hand; waits for the fate */
	const char *why;
};

struct pool {
	struct loop *loop;
	const char *role, *group;
	bool ordered;
	struct pool_hooks hooks;
	struct peer *peers;
	struct queue waiting;	/* for a member with room */
	struct timer sweep;	/* frees dead peers outside callbacks */
	struct peer *graves;
	struct peer *dying;	/* with a victim */
	uint32_t deaths;
};

static void
queue_push(struct queue *q, struct request *r)
{
	r->next = NULL;
	r->prev = q->tail;
	if (q->tail == NULL)
		q->head = r;
	else
		q->tail->next = r;
	q->tail = r;
}

static void
queue_remove(struct queue *q, struct request *r)
{
	if (r->prev == NULL)
		q->head = r->next;
	else
		r->prev->next = r->next;
	if (r->next == NULL)
		q->tail = r->prev;
	else
		r->next->prev = r->prev;
	r->prev = r->next = NULL;
}

/* The head has its deadline from when it is in hand. */
static void
deadline_watch(struct peer *p)
{
	struct loop *loop = p->pool->loop;
	uint32_t ms = p->sent.head != NULL ? p->sent.head->deadline_ms : p->recalled_ms;

	timer_clear(loop, &p->deadline);
	p->slow = false;
	if (p->sent.head == NULL && p->recalled == 0)
		return;
	p->due_ms = loop_ms(loop) + ms;
	timer_set(loop, &p->deadline, p->pool->ordered && ms > SLOW_MS ? SLOW_MS : ms);
}

static void
peer_give(struct peer *p, struct request *r)
{
	r->peer = p;
	r->sent = true;
	p->depth++;
	queue_push(&p->sent, r);
	idmap_set(&p->by_id, r->id, r);
	r->send(r, p->channel);
	if (p->sent.head == r)
		deadline_watch(p);
}

static void
peer_take(struct peer *p, struct request *r)
{
	bool head = p->sent.head == r;

	queue_remove(&p->sent, r);
	idmap_remove(&p->by_id, r->id);
	r->sent = false;
	p->depth--;
	if (head)
		deadline_watch(p);
}

static size_t
depth_limit(const struct pool *pool)
{
	return !pool->ordered ? UNORDERED_DEPTH : pool_members(pool) > 1 ? SHARED_DEPTH :
	    PEER_DEPTH;
}

static bool
takes_more(const struct peer *p)
{
	return p->ready && !p->dead && !p->slow && p->recalled == 0;
}

static struct peer *
peer_with_room(const struct pool *pool)
{
	size_t limit = depth_limit(pool);
	struct peer *best = NULL;

	for (struct peer *p = pool->peers; p != NULL; p = p->next)
		if (takes_more(p) && p->depth < limit &&
		    (best == NULL || p->depth < best->depth))
			best = p;
	return best;
}

static void
pool_pump(struct pool *pool)
{
	struct peer *p;

	while (pool->waiting.head != NULL && (p = peer_with_room(pool)) != NULL) {
		struct request *r = pool->waiting.head;

		queue_remove(&pool->waiting, r);
		peer_give(p, r);
	}
}

static void
graves_sweep(struct timer *t)
{
	struct pool *pool = t->arg;

	while (pool->graves != NULL) {
		struct peer *p = pool->graves;

		pool->graves = p->next;
		channel_free(p->channel);
		idmap_free(&p->by_id);
		free(p);
	}
}

/* A dead peer stays readable until no request points at it. */
static void
peer_bury(struct peer *p)
{
	if (!p->unlisted || p->keeps > 0)
		return;
	p->next = p->pool->graves;
	p->pool->graves = p;
	timer_set(p->pool->loop, &p->pool->sweep, 0);
}

static void
peer_unlist(struct peer *p)
{
	struct pool *pool = p->pool;

	for (struct peer **at = &pool->peers; *at != NULL; at = &(*at)->next)
		if (*at == p) {
			*at = p->next;
			break;
		}
	p->unlisted = true;
	peer_bury(p);
}

static void
peer_forget(struct request *r)
{
	struct peer *p = r->peer;

	r->peer = NULL;
	r->held = false;
	if (p == NULL)
		return;
	p->keeps--;
	peer_bury(p);
}

static void
peer_drop(struct request *r)
{
	if (!r->peer->dead)
		channel_send(r->peer->channel, PROTO_DROP, r->id, SPAN(""), NULL, 0);
	peer_forget(r);
}

void
pool_submit(struct pool *pool, struct request *r)
{
	r->pool = pool;
	if (r->held && takes_more(r->peer)) {
		peer_give(r->peer, r);	/* its state is there, room or not */
		return;
	}
	if (r->held)
		peer_drop(r);
	r->peer = NULL;
	queue_push(&pool->waiting, r);
	pool_pump(pool);
}

static bool
is_blamed(const struct peer *p)
{
	return p->accused || !p->fate_known || (p->fate != SIGKILL && p->fate != SIGTERM);
}

static void
victim_settle(struct peer *p)
{
	struct request *r = p->victim;

	for (struct peer **at = &p->pool->dying; *at != NULL; at = &(*at)->next)
		if (*at == p) {
			*at = p->next;
			break;
		}
	timer_clear(p->pool->loop, &p->deadline);
	p->victim = NULL;
	r->sent = false;
	r->pool = NULL;
	r->blamed = is_blamed(p);
	peer_forget(r);
	r->lost(r, p->why);
}

static void
fate_unknown(struct timer *t)
{
	victim_settle(t->arg);
}

/* The one it had in hand: lost at once where it is clear who is to blame. */
static void
victim_take(struct peer *p, struct request *r)
{
	if (p->accused || p->fate_known || !p->pool->hooks.told) {
		r->pool = NULL;
		r->blamed = is_blamed(p);
		r->lost(r, p->why);
		return;
	}
	p->victim = r;
	p->keeps++;
	r->peer = p;
	r->sent = true;
	p->deadline.fn = fate_unknown;
	timer_set(p->pool->loop, &p->deadline, FATE_MS);
}

static struct peer *
peer_find(struct peer *list, uint32_t instance)
{
	while (list != NULL && list->instance != instance)
		list = list->next;
	return list;
}

void
pool_died(struct pool *pool, uint32_t instance, uint32_t signal)
{
	struct peer *p = peer_find(pool->dying, instance);

	if (p == NULL)
		p = peer_find(pool->peers, instance);
	if (p == NULL)
		return;
	p->fate = signal;
	p->fate_known = true;
	if (p->victim != NULL)
		victim_settle(p);
}

static void
peer_died(struct peer *p, const char *why)
{
	struct pool *pool = p->pool;
	bool guilty = true;

	if (p->dead)
		return;
	p->dead = true;
	p->why = why;
	pool->deaths++;
	timer_clear(pool->loop, &p->deadline);
	log_warning("%s:%s %s", pool->role, pool->group, why);
	while (p->sent.head != NULL) {
		struct request *r = p->sent.head;

		queue_remove(&p->sent, r);
		r->sent = false;
		if (r->held)
			peer_forget(r);
		r->peer = NULL;
		if (guilty && pool->ordered) {
			victim_take(p, r);
		} else if (!pool->ordered) {
			r->pool = NULL;
			r->lost(r, why);
		} else {
			queue_push(&pool->waiting, r);
		}
		guilty = false;
	}
	peer_unlist(p);
	if (p->victim != NULL) {
		p->next = pool->dying;
		pool->dying = p;
	}
	pool_pump(pool);
	if (pool->hooks.changed != NULL)
		pool->hooks.changed(pool->hooks.arg, pool);
}

/* Those behind a slow head are sent once more, to others; what this peer will
 * say of them is of no use then. */
static void
peer_recall(struct peer *p)
{
	struct request *next, *r = p->sent.head == NULL ? NULL : p->sent.head->next;

	if (!p->slow || pool_members(p->pool) < 2)
		return;
	for (; r != NULL; r = next) {
		next = r->next;
		queue_remove(&p->sent, r);
		p->depth--;
		if (p->recalled++ == 0 || r->deadline_ms > p->recalled_ms)
			p->recalled_ms = r->deadline_ms;
		idmap_set(&p->by_id, r->id, &recalled);
		r->sent = false;
		if (r->held)
			peer_forget(r);
		r->peer = NULL;
		queue_push(&p->pool->waiting, r);
	}
}

static void
recalled_replied(struct peer *p, const struct frame *f)
{
	idmap_remove(&p->by_id, f->id);
	p->recalled--;
	if (f->type == PROTO_WAIT)
		channel_send(p->channel, PROTO_DROP, f->id, SPAN(""), NULL, 0);
	deadline_watch(p);
	pool_pump(p->pool);
}

static void
deadline_passed(struct timer *t)
{
	struct peer *p = t->arg;
	int64_t left = p->due_ms - loop_ms(p->pool->loop);

	if (left > 0) {
		p->slow = true;
		timer_set(p->pool->loop, t, left);
		peer_recall(p);
		pool_pump(p->pool);
		return;
	}
	p->accused = true;
	p->pool->hooks.kill(p->pool->hooks.arg, p->instance);
	peer_died(p, "passed its deadline and was killed");
}

static void
peer_gone(struct channel *c, void *arg)
{
	struct peer *p = arg;

	(void)c;
	if (p->dead)
		return;
	p->pool->hooks.kill(p->pool->hooks.arg, p->instance);
	peer_died(p, "is gone");
}

static void
peer_frame(struct channel *c, struct frame *f, void *arg)
{
	struct peer *p = arg;
	struct request *r;

	if (p->dead)
		return;
	if (f->type == PROTO_READY) {
		p->ready = true;
		for (struct peer *other = p->pool->peers; other != NULL; other = other->next)
			peer_recall(other);
		if (p->pool->hooks.ready != NULL)
			p->pool->hooks.ready(p->pool->hooks.arg, p->instance);
		pool_pump(p->pool);
		if (p->pool->hooks.changed != NULL)
			p->pool->hooks.changed(p->pool->hooks.arg, p->pool);
		return;
	}
	r = idmap_find(&p->by_id, f->id);
	if (r == NULL && p->pool->ordered) {
		p->accused = true;
		channel_fail(c);	/* nobody asked: it lies */
		return;
	}
	if (r == NULL || f->type == PROTO_DIAL) {
		if (p->pool->hooks.other != NULL)
			p->pool->hooks.other(p->pool->hooks.arg, p->pool, p, f);
		return;
	}
	if (r == &recalled && p->sent.head == NULL) {
		recalled_replied(p, f);
		return;
	}
	if (p->pool->ordered && r != p->sent.head) {
		p->accused = true;
		channel_fail(c);	/* out of order: it lies */
		return;
	}
	peer_take(p, r);
	if (r->held)
		peer_forget(r);
	if (f->type == PROTO_WAIT) {
		r->held = true;
		r->peer = p;
		p->keeps++;
	} else {
		r->peer = NULL;
		r->pool = NULL;
	}
	r->reply(r, f);
	pool_pump(p->pool);
}

struct pool *
pool_new(struct loop *loop, const char *role, const char *group, bool ordered,
    const struct pool_hooks *hooks)
{
	struct pool *pool = xcalloc(1, sizeof(*pool));

	*pool = (struct pool){ .loop = loop, .role = role, .group = group,
		.ordered = ordered, .hooks = *hooks,
		.sweep = { .fn = graves_sweep, .arg = pool } };
	return pool;
}

void
pool_join(struct pool *pool, int fd, uint32_t instance)
{
	struct peer *p = xcalloc(1, sizeof(*p));

	*p = (struct peer){ .next = pool->peers, .pool = pool,
		.instance = instance,
		.deadline = { .fn = deadline_passed, .arg = p } };
	p->channel = channel_new(pool->loop, fd, peer_frame, peer_gone, p);
	pool->peers = p;
}

bool
pool_cancel(struct request *r)
{
	if (r->pool == NULL)
		return true;
	if (r->sent)
		return false;
	if (r->held) {
		peer_drop(r);
	} else {
		queue_remove(&r->pool->waiting, r);
	}
	r->pool = NULL;
	return true;
}

void
pool_send(struct peer *p, uint32_t type, uint32_t id, struct mt_span body, int fd)
{
	if (!p->dead)
		channel_send(p->channel, type, id, body, &fd, fd >= 0);
}

uint32_t
peer_instance(const struct peer *p)
{
	return p->instance;
}

struct peer *
pool_find(const struct pool *pool, uint32_t instance)
{
	return peer_find(pool->peers, instance);
}

bool
pool_ready(const struct pool *pool)
{
	for (const struct peer *p = pool->peers; p != NULL; p = p->next)
		if (p->ready)
			return true;
	return false;
}

size_t
pool_members(const struct pool *pool)
{
	size_t n = 0;

	for (const struct peer *p = pool->peers; p != NULL; p = p->next)
		n += p->ready;
	return n;
}

uint32_t
pool_deaths(const struct pool *pool)
{
	return pool->deaths;
}

const char *
pool_role(const struct pool *pool)
{
	return pool->role;
}

const char *
pool_group(const struct pool *pool)
{
	return pool->group;
}

void
pool_free(struct pool *pool)
{
	while (pool->dying != NULL)
		victim_settle(pool->dying);
	while (pool->peers != NULL) {
		struct peer *p = pool->peers;

		p->dead = true;
		pool->peers = p->next;
		timer_clear(pool->loop, &p->deadline);
		p->next = pool->graves;
		pool->graves = p;
	}
	timer_clear(pool->loop, &pool->sweep);
	graves_sweep(&pool->sweep);
	free(pool);
}
