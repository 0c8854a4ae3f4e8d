/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine's parts and what they share: channels to the other roles, the
 * pipeline, the store.  One loop thread runs all of it; the store has its
 * own.  Each part's file begins with what it does; here is who calls whom:
 *
 *	front -> intake -> pipeline -> verdict -> commit -> store -> front
 *	store -> dispatch -> worker-net -> dispatch -> store
 */
#ifndef MAILTRI_ENGINE_ENGINE_H
#define MAILTRI_ENGINE_ENGINE_H

#include "audit/early.h"
#include "audit/publisher.h"
#include "audit/leaf.h"
#include "ctl/handlers.h"
#include "engine/foresight.h"
#include "engine/recent.h"
#include "pipeline/mail.h"
#include "queue/erase.h"
#include "store/root.h"
#include "store/slots.h"

enum { ENGINE_POOLS_MAX = 32, ENGINE_DNS_MS = 20000 };

struct front;
struct dispatch;
struct integrations;
struct keyring;
struct reloads;

/* One configuration and the roles that work by it.  What began with it ends
 * with it: mails, sessions, deliveries. */
struct generation {
	struct generation *next;	/* older */
	struct engine *engine;
	uint32_t number;
	struct settings *settings;
	struct pipeline pipeline;
	struct pool *pools[ENGINE_POOLS_MAX];	/* parser, then worker groups,
						 * then worker-net groups */
	size_t pool_count;
	struct channel *resolver;
	uint32_t resolver_instance;
	struct idmap dials;	/* out, by number (dial.c) */
	uint32_t last_dial;
	size_t fronts, attempts;
	int64_t since_s;	/* it is current; 0: not yet */
};

struct engine {
	struct loop *loop;
	struct traffic traffic;
	struct generation *generations;	/* the newest first */
	struct generation *current;	/* takes what is new */
	struct timer look;	/* for generations that are over */
	struct reloads *reloads;
	struct poisons poisons;
	struct store *store;
	struct watch store_watch;
	struct slots *slots;
	struct keyring *keyring;
	struct dispatch *dispatch;
	struct integrations *integrations;
	struct publisher *publisher;
	struct note_key audit_key;
	struct early *early;
	struct foresight *foresight;
	struct recent *recent;
	struct timer beat;
	struct handlers handlers;
	struct control_server *control;
	struct channel *master, *keys;
	struct front *fronts;
	uint8_t installation_key[HASH_SIZE];
	bool has_key;		/* PROTO_INSTALLATION came */
	bool paused;		/* nothing is dispatched (queue/pause.h) */
	bool recovered;
	bool intake_open, announced;
	bool check, keep;	/* --check; --state DIR */
	bool purging, purge_again;
	int64_t started_s;
};

int64_t now_s(void);
int64_t now_ms(void);	/* wall clock, for times that are kept */
void engine_committed(struct engine *);	/* something was: heads, room */
void intake_update(struct engine *);	/* roles, keys or room changed */
void engine_ready(struct engine *, uint32_t instance);	/* a role said PROTO_READY */

/* generation.c */
struct generation *generation_new(struct engine *, uint32_t number, struct settings *);
struct generation *generation_find(const struct engine *, uint32_t number);	/* NULL: over */
struct pool *generation_pool(const struct generation *, const char *role, const char *group);
void generation_make_current(struct generation *);
void generation_free(struct generation *);	/* nothing of it is left */
/* A session, mail or delivery of it ended: it may be over. */
void generation_look(struct generation *);
json_t *generation_status(const struct engine *);

/* reload.c */
struct reloads *reloads_new(struct engine *);
void reload_ask(struct control_reply *, void *engine);	/* mailtrictl reload */
void reload_done(struct engine *, struct frame *);	/* PROTO_RELOADED */

/* intake.c */
void intake_join(struct generation *, int fd, uint32_t instance);
void intake_leave(struct generation *);	/* closes its fronts */
void intake_serve(struct generation *);	/* its fronts may accept clients */
void intake_judged(struct engine *, struct mail *);
void intake_reply(struct mail *, const struct verdict *, const char *text);
void intake_freed(struct mail *);
/* Its recipient is looked up: judged at its route, or refused where it has none. */
void intake_recipient(struct engine *, struct mail *);

/* reply.c.  Whether its recipient may be a capability address and the store is
 * asked: intake_recipient() follows.  False: as it stands, perhaps with a verdict. */
bool reply_ask(struct engine *, struct mail *);
/* capability_person() of its From mailbox; false: not proven. */
bool reply_person(struct engine *, const struct mail *, uint8_t person[HASH_SIZE]);
bool reply_is_allowed(struct engine *, const struct mail *);	/* judged: its sender may
		 * write to where it goes */
bool reply_is_own(void *generation, const struct mail *);	/* for pipeline_ops */

/* answer.c */
struct queue_budget answer_budget(const struct settings *);
bool answer_is_due(const struct mail *);	/* accepted, of a proven sender: he is told what comes of it */
struct mt_span answer_held(const struct mail *, struct arena *);	/* what is told of that */
/* What is told of a delivery, sealed under the message's key. */
void answer_seal(const struct slot *, const struct queue_target *, const struct mt_delivery *,
    struct buf *out);
struct answer_call {
	const struct queue_load *load;	/* with the context of the answer */
	const struct slot *slot;
	const struct settings *settings;
	const struct facts *known;	/* of the mail */
	struct arena *arena;
};
void answer_facts(struct engine *, const struct answer_call *, struct facts *out);

/* commit.c: the mail's verdict made durable, then intake_reply(). */
void commit_mail(struct engine *, struct mail *);
void commit_early(struct engine *, bool all);

/* record.c: all borrowed from the mail or the arena. */
void record_mail(struct engine *, const struct mail *, struct arena *,
    struct audit_event *);
bool record_proven(void *, const struct mail *);	/* its sender's identity is */
void message_pack(struct buf *, const struct mail *);	/* the sealed head */
struct message {		/* a head, unpacked */
	struct arena arena;
	struct envelope envelope;
	struct call_intent intent;
	struct facts facts;
	struct mt_span event;
	int64_t now;
	struct mt_span email, role, policy;
};
int message_unpack(struct mt_span, struct message *);	/* EBADMSG; borrows */

/* keyring.c */
const struct handlers_keys *keyring_state(const struct keyring *);	/* when it was last asked */
void keyring_matched(struct keyring *);	/* the rows need no key that is not there */
void keyring_ask(struct keyring *, handlers_keys_fn, void *arg);
struct keyring *keyring_new(struct engine *);
void keyring_join(struct keyring *, int fd);
void keyring_open(struct keyring *, uint64_t slot, uint64_t generation,
    handlers_slot_fn, void *arg);
typedef void (*keyring_erased_fn)(int error, void *arg);
void keyring_erase(struct keyring *, const uint64_t *slots, size_t count,
    keyring_erased_fn, void *arg);
/* Which of these slots have no key any more: the numbers, borrowed. */
typedef void (*keyring_gone_fn)(const uint64_t *slots, size_t count, void *arg);
void keyring_gone(struct keyring *, const struct erase_item *, size_t count,
    keyring_gone_fn, void *arg);

/* dispatch.c */
struct dispatch *dispatch_new(struct engine *);
void dispatch_wake(struct dispatch *);

/* dial.c */
enum {
	DIAL_REQUEST_MAX = 1024,	/* bytes: a host's name has 255 at most */
	DIALS_MAX = 4096	/* out at once, of all workers of a generation */
};
void dial_ask(struct generation *, struct pool *, struct peer *, struct frame *);
void dial_again(struct generation *);	/* its resolver is new */
void dial_done(struct generation *, struct frame *);	/* PROTO_DIALLED of its resolver */
void dial_forget(struct generation *);	/* what is still out */

/* purge.c */
void purge_start(struct engine *);	/* recovery, then what is past its time */
void purge_run(struct engine *);	/* one at a time; else once more after it */

/* expire.c: held longer than its releasers had time: refused. */
void expire_held(struct engine *, const char *event);

/* resolve.c: the resolver's channel. */
void resolver_join(struct generation *, int fd, uint32_t instance);
void resolver_ask(struct generation *, struct mail *, const struct question *, uint32_t count);

/* claim.c: what stages remember, looked up in the store.  For pipeline_ops:
 * the first argument is the mail's generation. */
void claim_key(void *, struct mt_span stage, struct mt_span key, uint8_t out[CLAIM_KEY_SIZE]);
void claim_look(void *, struct mail *, struct claim *, struct mt_span question);
void claim_poisons_load(struct engine *);	/* once the key is known */
void claim_poisons_keep(void *);
void claim_get(void *, struct mail *, const uint8_t key[CLAIM_KEY_SIZE], struct mt_span question);

/* check.c: `mailtrictl check' in place of fronts. */
void check_frame(struct engine *, struct frame *);
void check_resume(struct engine *);	/* the state is ready */
void check_judged(struct engine *, struct mail *);
void check_reply(struct engine *, struct mail *);	/* committed: report and end */
void check_freed(struct mail *);

#endif
