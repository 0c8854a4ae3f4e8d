/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One message as a stage sees it: what is behind the opaque struct mt_msg.
 * A message lives from its call to its result, over all runs; what a run
 * makes lives in `run' and is dropped when the run returned MT_WAIT.
 */
#ifndef MAILTRI_STAGE_MESSAGE_H
#define MAILTRI_STAGE_MESSAGE_H

#include "mail/view.h"
#include "pipeline/call.h"
#include "stage/group.h"

struct kept {
	void *ptr;
	size_t size;
};

/* One run of one callback. */
struct run {
	struct outcome *outcome;
	struct put **put_tail;
	struct hold **hold_tail;
	struct line **line_tail;
	struct edit **edit_tail;
	size_t edit_count, put_count, hold_count, line_count;
	struct asked *asked, **asked_tail;
	struct fact **facts_mark;
	int64_t deadline_ms;	/* clock_ms() */
};

struct mt_msg {
	struct arena arena;	/* the whole call */
	struct arena scratch;	/* one run */
	unsigned char *frame;	/* what the call borrows from */
	struct call call;
	struct bytes raw, view_bytes;
	struct view view;
	struct facts facts;	/* before and, in a run, by the stage */
	struct answers answers;
	const struct group *group;
	const struct member *member;	/* whose turn it is */
	uint32_t cursor;	/* index into call.stages */
	uint32_t runs, questions;
	struct kept kept[CALL_STAGES_MAX];
	struct run run;
	struct outcome *outcomes, **outcome_tail;	/* stages that are done */
	struct asked *ahead, **ahead_tail;	/* asked by them, nobody waits */
	struct delivery delivery;
};

/* NULL: the frame is no call this group can serve. */
struct mt_msg *message_new(const struct group *, struct frame *);
void message_free(struct mt_msg *);
/* PROTO_ANSWERS, or those of a local question: EBADMSG. */
int message_answers(struct mt_msg *, struct mt_span packed);
void message_answer(struct mt_msg *, const struct answer *);

enum message_state { MESSAGE_WAITS, MESSAGE_DONE };

/* Runs callbacks from where the message stands.  MESSAGE_WAITS: run.asked
 * holds what is to be answered first. */
enum message_state message_run(struct mt_msg *);

/* The message in hand, for time(); NULL between runs. */
const struct mt_msg *message_current(void);

#endif
