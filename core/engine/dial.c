/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections that the resolver makes for worker-net: asked for, asked for
 * again when it is back, handed on. */
#include "engine/engine.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/proto.h"
#include "dispatch/dial.h"

enum { DIAL_AGAIN_MS = 30000 };	/* a resolver that dies of a dial does so for no longer */

struct dial {
	struct generation *generation;
	struct pool *pool;
	uint32_t instance;	/* of the worker that asked */
	uint32_t id;		/* its number */
	uint32_t number;	/* ours */
	int64_t until_ms;	/* a resolver's next life is asked */
	struct buf request;	/* as it came */
};

static void
dial_end(struct dial *dial)
{
	idmap_remove(&dial->generation->dials, dial->number);
	buf_free(&dial->request);
	free(dial);
}

/* Without a resolver nothing is sent: its next life is asked.  Who waits for
 * what is given up sees its own deadline. */
static void
dial_send(void *value, void *arg)
{
	struct dial *dial = value;
	struct generation *g = arg;

	if (g->resolver == NULL)
		return;
	if (clock_ms() > dial->until_ms)
		dial_end(dial);
	else
		channel_send(g->resolver, PROTO_DIAL, dial->number, buf_span(&dial->request),
		    NULL, 0);
}

void
dial_again(struct generation *g)
{
	idmap_each(&g->dials, dial_send, g);
}

/* What the worker is told at once; NULL: the resolver is asked.  It takes the
 * engine's word for what can be read, and a stage may write over a worker. */
static const char *
refusal_of(const struct generation *g, struct mt_span body)
{
	struct dial_request request;

	if (body.len > DIAL_REQUEST_MAX || dial_request_unpack(body, &request) != 0)
		return "no request to dial";
	return g->dials.used >= DIALS_MAX ? "too many are dialled at once" : NULL;
}

static void
refuse(struct peer *peer, uint32_t id, const char *why)
{
	struct buf b = { 0 };

	log_warning("worker-net: a dial is refused: %s", why);
	pack_u32(&b, EINVAL);
	pack_string(&b, why);
	pool_send(peer, PROTO_DIALLED, id, buf_span(&b), -1);
	buf_free(&b);
}

void
dial_ask(struct generation *g, struct pool *pool, struct peer *peer, struct frame *f)
{
	const char *why;
	struct dial *dial;

	if (f->type != PROTO_DIAL)
		return;
	if ((why = refusal_of(g, f->body)) != NULL) {
		refuse(peer, f->id, why);
		return;
	}
	dial = xcalloc(1, sizeof(*dial));
	*dial = (struct dial){ .generation = g, .pool = pool, .number = ++g->last_dial,
		.instance = peer_instance(peer), .id = f->id,
		.until_ms = clock_ms() + DIAL_AGAIN_MS };
	buf_add(&dial->request, f->body.ptr, f->body.len);
	idmap_set(&g->dials, dial->number, dial);
	dial_send(dial, g);
}

void
dial_done(struct generation *g, struct frame *f)
{
	struct dial *dial = idmap_find(&g->dials, f->id);
	struct peer *peer;

	if (dial == NULL)
		return;
	peer = pool_find(dial->pool, dial->instance);
	if (peer != NULL)
		pool_send(peer, PROTO_DIALLED, dial->id, f->body,
		    f->fd_count > 0 ? f->fds[0] : -1);
	dial_end(dial);
}

static void
dial_drop(void *value, void *arg)
{
	(void)arg;
	dial_end(value);
}

void
dial_forget(struct generation *g)
{
	idmap_each(&g->dials, dial_drop, NULL);
	idmap_free(&g->dials);
}
