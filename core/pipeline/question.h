/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions a stage asks and the answers it gets.  A question is known by
 * its packed bytes alone: the same bytes are the same question, so answers
 * are kept per message in a small set and a re-run finds them there.
 */
#ifndef MAILTRI_PIPELINE_QUESTION_H
#define MAILTRI_PIPELINE_QUESTION_H

#include "base/arena.h"
#include "base/buf.h"

enum question_kind { QUESTION_DNS = 1, QUESTION_TAKE, QUESTION_GET, QUESTION_HTTP,
	QUESTION_MAIL };

enum { QUESTION_KEY_MAX = 512, QUESTION_NAME_MAX = 253 };

/* All answers of one message go in one frame.  What is longer together is
 * MT_BUDGET, and what even that would make too long is not kept. */
enum { ANSWERS_BYTES_MAX = 64 * 1024, ANSWERS_BYTES_HARD = 96 * 1024 };

struct question {
	uint8_t kind;
	uint16_t type;		/* DNS: of records; TAKE, GET: the stage's index */
	uint32_t flags, limit, window_s;	/* TAKE */
	struct mt_span key;	/* DNS: the name; TAKE, GET: the key; HTTP: the
				 * packed request (stage/request.h); MAIL: the
				 * packed letter (stage/letter.h) */
};

void question_pack(struct buf *, const struct question *);
int question_unpack(struct mt_span packed, struct question *);	/* EBADMSG */

/* DNS: number[0] ttl, [1] secure, rr: records.  TAKE: [0] used, [1] retry
 * after, rr[0]: the holder's event.  GET: rr[0].  HTTP: [0] status, [1]
 * error, [2] sent, [3] retry after, rr[0]: fields, rr[1]: body.  MAIL: [0]
 * code, [1] error, [2] sent, rr[0]: text. */
struct answer {
	struct answer *next;
	struct mt_span question;	/* packed */
	int32_t status;		/* enum mt_status */
	uint32_t number[4];
	uint32_t count;
	struct mt_span *rr;
};

struct answers {
	struct arena *arena;
	struct answer *head, **tail;
	uint32_t count;
	size_t bytes;		/* packed */
};

size_t answer_size(const struct answer *);	/* packed */
void answers_init(struct answers *, struct arena *);
struct answer *answers_find(const struct answers *, struct mt_span question);
/* Copies everything into the arena. */
struct answer *answers_add(struct answers *, const struct answer *);
void answer_pack(struct buf *, const struct answer *);
int answer_unpack(struct unpack *, struct arena *, struct answer *);	/* borrows */
void answers_pack(struct buf *, const struct answers *);	/* count, answers */
/* Those added since `mark', which was set->tail then. */
void answers_pack_since(struct buf *, struct answer *const *mark);
int answers_unpack(struct unpack *, struct answers *);	/* adds; EBADMSG */

#endif
