/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One mail on its way through the pipeline: from RCPT, over the bytes, the
 * parsed view and the stages in their order, to one verdict.  The pipeline
 * knows neither disk nor SMTP: what it needs of them it asks of its owner,
 * and the verdict is handed to its owner, who ends the mail.
 */
#ifndef MAILTRI_PIPELINE_MAIL_H
#define MAILTRI_PIPELINE_MAIL_H

#include "base/idmap.h"
#include "mail/view.h"
#include "pipeline/breaker.h"
#include "pipeline/claim.h"
#include "pipeline/poison.h"
#include "pipeline/pool.h"
#include "pipeline/verdict.h"

struct mail;
struct pipeline;

/* The owner's side.  key: SHA-256 sized HMAC of stage and key. */
struct pipeline_ops {
	void (*dns)(void *, struct mail *, const struct question *, uint32_t count);
	void (*claim_key)(void *, struct mt_span stage, struct mt_span key,
	    uint8_t out[CLAIM_KEY_SIZE]);
	/* Durable takings of a claim: answered by mail_looked(). */
	void (*look)(void *, struct mail *, struct claim *, struct mt_span question);
	/* A kept value: answered by mail_answer(). */
	void (*get)(void *, struct mail *, const uint8_t key[CLAIM_KEY_SIZE],
	    struct mt_span question);
	/* The phase is over: mail_verdict() says how. */
	void (*judged)(void *, struct mail *);
	void (*freed)(void *, struct mail *);
	/* Whether its sender's identity is proven by now; NULL: never. */
	bool (*proven)(void *, const struct mail *);
	/* Whether we sent it ourselves; NULL: never. */
	bool (*own)(void *, const struct mail *);
	/* pipeline->poisons changed: make it durable.  Needed with poisons. */
	void (*keep_poisons)(void *);
	void *arg;
};

/* What all pipelines of a process share: who is in flight, and what it has
 * claimed. */
struct traffic {
	struct idmap mails;
	struct claims claims;
	uint32_t last_id;
};

/* One generation's way for its mails. */
struct pipeline {
	struct loop *loop;
	struct traffic *traffic;
	const struct settings *settings;
	struct pool *parser;
	struct pool **workers;	/* by stage: its group's pool */
	struct pipeline_ops ops;
	struct breaker breakers[BREAKERS_MAX];	/* by stage */
	struct poisons *poisons;	/* NULL: nothing is remembered */
	size_t mails;		/* in flight, of this pipeline */
	bool check;		/* mailtrictl check: clocks stand still */
};

/* Bytes of a message: borrowed from `own', or mapped from fd. */
struct mail_bytes {
	struct mt_span span;
	unsigned char *own;
	struct bytes map;
	int fd;			/* sealed memfd; -1: inline */
};

/* A question a run waits for. */
struct awaited {
	struct awaited *next;
	struct mt_span question;
};

/* A DNS question that was sent: the answer is there or on its way. */
struct sent {
	struct sent *next;
	struct mt_span question;	/* packed */
	bool foreseen, asked;	/* by mail_foresee(); by a stage */
};

/* What one stage said, for records and reports. */
struct check {
	struct check *next;
	const char *stage;
	uint8_t phase;
	const char *verdict;	/* "continue" "reject" "tempfail" "failed" */
	const char *reason, *text;
	uint32_t us;
};

struct mail {
	uint32_t id;
	struct pipeline *pipeline;
	void *arg;		/* the owner's */
	struct arena arena;
	char event[40];
	struct envelope envelope;
	const struct setting_route *route;	/* NULL in a check of some stages */
	bool is_reply;		/* to an address that was given to a person, about
				 * an event: queue/capability.h */
	char reply_event[40];
	uint8_t reply_person[CLAIM_KEY_SIZE];
	const bool *only;	/* check: stages that run; NULL: all */
	int64_t now;
	int64_t deadline_ms;	/* clock_ms() */
	int64_t dns_until_ms;	/* clock_ms(): no answer is waited for any more; 0:
				 * nothing was asked in this phase */
	struct mt_span dns_asked;	/* last, as they were sent; empty: answers came */
	uint8_t phase;
	bool ended;		/* its owner is done; freed when nobody runs it */
	bool running;		/* request is in a peer's hands */
	bool has_raw;		/* DATA came */
	bool logged;		/* the stage that refused it named the reason */
	bool committing;	/* in the store's hands: its owner ends it */
	struct mail_bytes raw, view_block;
	struct view view;
	struct call_intent intent;
	struct facts facts;
	struct answers answers;
	struct answer **answers_sent;	/* the end of those the worker has */
	struct awaited *awaited;
	struct sent *sent;
	uint32_t questions, dns_queries;
	struct claim *held;
	struct put *puts;
	struct hold *holds;
	struct edit *edits;	/* all that were applied */
	struct check *checks, **check_tail;
	struct verdict verdict;
	char duplicate_of[40];
	uint8_t message_key[CLAIM_KEY_SIZE];	/* of the claim MT_CLAIM_MESSAGE */
	bool has_message_key;
	uint8_t poison_key[CLAIM_KEY_SIZE];
	bool has_poison_key;
	/* walk.c */
	uint32_t cursor, segment[CALL_STAGES_MAX], segment_count;
	struct edit *pending_edits;	/* in the parser's hands */
	struct request request;
	struct timer judge;
};

void event_make(char out[40]);	/* "evt_" and 26 letters of base 32, in order of time */

struct mail *mail_new(struct pipeline *, const struct envelope *, int64_t now);
void mail_set_route(struct mail *, const struct setting_route *);	/* of its recipient */
/* Claims are released unless mail_keep_claims() gave them away. */
void mail_end(struct mail *);
struct mail *mail_find(const struct traffic *, uint32_t id);

/* Phase envelope for its recipient: ops.judged follows, perhaps at once. */
void mail_envelope(struct mail *);
/* The whole message: takes the bytes.  ops.judged follows. */
void mail_message(struct mail *, struct mail_bytes);

/* Answers, of whichever kind; those nobody waits for are kept as well. */
void mail_answer(struct mail *, const struct answer *);
/* The store's word on a claim: used of limit, by whom, and whether the
 * holder's 250 was seen. */
void mail_looked(struct mail *, struct claim *, struct mt_span question,
    uint32_t used, uint32_t retry_after_s, const char *holder, bool seen);
void mail_ask_again(struct mail *);	/* the resolver died and is back */
/* Asks what stages are likely to ask: costs the mail nothing of its budget. */
void mail_foresee(struct mail *, const struct mt_span *questions, uint32_t count);

/* Under which kept value the poisons lie. */
void suspect_list_key(const struct pipeline *, uint8_t key[CLAIM_KEY_SIZE]);

void mail_bytes_free(struct mail_bytes *);
/* Bytes out of a frame, owned from here on: errno. */
int mail_bytes_take(struct unpack *, struct frame *, struct mail_bytes *);

#endif
