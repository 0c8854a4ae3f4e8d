/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes of one role and group as the engine sees them.  A request is
 * one frame sent and one frame expected back.  Members of an ordered pool
 * answer in the order asked, so when one dies or passes its deadline the
 * request at its head is the one it had in hand: that one is lost, the
 * others are sent again to whoever takes its place.  Nobody waits for that:
 * those behind a head that takes long go to other members at once.
 */
#ifndef MAILTRI_PIPELINE_POOL_H
#define MAILTRI_PIPELINE_POOL_H

#include "base/frame.h"

struct pool;
struct peer;

struct request {
	uint32_t id;		/* of its frames; unique in the pool */
	uint32_t deadline_ms;	/* from when it is in hand */
	bool held;		/* the peer keeps state of it between frames */
	struct pool *pool;	/* NULL: not submitted */
	struct peer *peer;	/* whom it was sent to, or who keeps its state */
	struct request *prev, *next;
	bool sent;
	bool blamed;		/* in lost(): its own doing, not a signal from outside */
	/* Packs and sends; called again after a death, with held false. */
	void (*send)(struct request *, struct channel *);
	/* Not submitted any more when these are called. */
	void (*reply)(struct request *, struct frame *);
	void (*lost)(struct request *, const char *why);
	void *arg;
};

struct pool_hooks {
	void (*kill)(void *arg, uint32_t instance);
	/* A frame that is no reply (PROTO_DIAL ...). */
	void (*other)(void *arg, struct pool *, struct peer *, struct frame *);
	void (*ready)(void *arg, uint32_t instance);	/* it said so; may be NULL */
	void (*changed)(void *arg, struct pool *);	/* a member came or went */
	bool told;		/* pool_died() says how each member ended */
	void *arg;
};

struct pool *pool_new(struct loop *, const char *role, const char *group,
    bool ordered, const struct pool_hooks *);
void pool_join(struct pool *, int fd, uint32_t instance);
/* How a member ended: by this signal, or 0.  Killed from outside, nobody is
 * blamed for it. */
void pool_died(struct pool *, uint32_t instance, uint32_t signal);
void pool_submit(struct pool *, struct request *);
/* The owner wants no answer any more.  False: it is in a peer's hands; its
 * reply or loss is still to come and ends it. */
bool pool_cancel(struct request *);
void pool_send(struct peer *, uint32_t type, uint32_t id, struct mt_span, int fd);
uint32_t peer_instance(const struct peer *);
struct peer *pool_find(const struct pool *, uint32_t instance);	/* NULL: it died */
bool pool_ready(const struct pool *);	/* a member said PROTO_READY */
size_t pool_members(const struct pool *);
uint32_t pool_deaths(const struct pool *);
const char *pool_role(const struct pool *);
const char *pool_group(const struct pool *);
void pool_free(struct pool *);

#endif
