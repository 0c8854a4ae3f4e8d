/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A call: one message handed to one worker for one phase, through one or
 * several stages in a row; and what comes back.  The worker answers every
 * PROTO_CALL and PROTO_ANSWERS with exactly one PROTO_WAIT or PROTO_RESULT,
 * in the order received, so the engine knows which message a worker that
 * died or hangs had in hand.
 */
#ifndef MAILTRI_PIPELINE_CALL_H
#define MAILTRI_PIPELINE_CALL_H

#include "base/frame.h"
#include "mail/envelope.h"
#include "mail/fact.h"
#include "pipeline/question.h"

enum phase { PHASE_ENVELOPE = 1, PHASE_MESSAGE, PHASE_DELIVER, PHASE_PROBE };

enum { CALL_STAGES_MAX = 32 };

struct call_intent {
	uint32_t cls;		/* enum mt_class; 0: none yet */
	struct mt_span route, verb, target, params;
};

struct call_thread {
	struct mt_span event;	/* empty: the message begins one */
	struct mt_span key, resource_id;	/* of its first message, for this stage */
};

struct call {
	uint8_t phase;
	int64_t now;		/* Unix s: the message's clock */
	uint32_t remaining_ms;
	uint32_t stages[CALL_STAGES_MAX];	/* indices into settings */
	uint32_t stage_count;
	struct mt_span event;
	struct envelope envelope;
	struct call_intent intent;
	uint32_t attempt;	/* DELIVER: 1 is the first */
	struct mt_span key;	/* DELIVER: idempotency key, 64 hex digits */
	struct call_thread thread;	/* DELIVER */
	struct facts *facts;
	struct answers *answers;	/* known already */
	struct mt_span raw, view;	/* empty in PHASE_ENVELOPE */
	int raw_fd, view_fd;	/* sealed memfd holding them; -1: pack */
};

/* fds to send along: those of the call, or made here (own[i] true: close). */
struct call_fds {
	int fd[2], count;
	bool own[2];
};
int call_pack(struct buf *, const struct call *, struct call_fds *);	/* errno */
void call_fds_close(struct call_fds *);

/* Borrows from the frame but for facts and answers, which go to their
 * arenas (call->facts and call->answers must be set and initialised).  raw
 * and view are to be freed with bytes_free(). */
int call_unpack(struct frame *, struct call *, struct bytes *raw, struct bytes *view);

/* What one stage did in a run that counted. */
struct put { struct put *next; struct mt_span key, value; uint32_t ttl_s, when; };
struct hold { struct hold *next; struct mt_span releaser; uint32_t expire_s; };
struct line { struct line *next; uint32_t level; struct mt_span text; };
struct edit { struct edit *next; struct mt_edit value; };

struct outcome {
	struct outcome *next;
	uint32_t stage;
	int32_t returned;	/* 0, or -1: it failed */
	uint32_t us;
	struct mt_result result;
	struct facts facts;	/* those this stage wrote */
	struct put *puts;
	struct hold *holds;
	struct line *lines;
	struct edit *edits;
};

/* The edits as mail/edit.h and mail/patch.h take them, from the arena. */
const struct mt_edit *edits_array(const struct edit *, struct arena *, size_t *count);

/* Questions asked ahead ride with the result: they are asked, nobody waits. */
struct asked { struct asked *next; struct mt_span question; };

void outcomes_pack(struct buf *, const struct outcome *, const struct asked *);
/* Into the arena; EBADMSG. */
int outcomes_unpack(struct unpack *, struct arena *, struct outcome **, struct asked **);
void asked_pack(struct buf *, const struct asked *);
int asked_unpack(struct unpack *, struct arena *, struct asked **);

/* PROTO_DELIVERED. */
struct delivery {
	int32_t returned;	/* -1: the stage failed */
	struct mt_delivery value;
	struct line *lines;
};
void delivery_pack(struct buf *, const struct delivery *);
int delivery_unpack(struct unpack *, struct arena *, struct delivery *);

#endif
