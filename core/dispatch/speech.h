/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a stage asked of a target, as worker-net says it: read, dialled for,
 * spoken in HTTP or SMTP, and made an answer.
 */
#ifndef MAILTRI_DISPATCH_SPEECH_H
#define MAILTRI_DISPATCH_SPEECH_H

#include "conf/value.h"
#include "dispatch/transfer.h"
#include "pipeline/question.h"
#include "stage/letter.h"
#include "stage/request.h"

struct speech {
	struct mt_msg *message;	/* set by the owner, as conf, done and arg */
	const struct mt_conf *conf;
	void (*done)(void *arg, struct answer *);	/* once; question is not set */
	void *arg;
	struct transfer *transfer;	/* NULL: not spoken yet */
	uint32_t timeout_ms;	/* never 0 */
	struct value_target to;	/* in the message's arena */
	/* Private. */
	const struct dialect *dialect;
	struct mt_span option;	/* the TARGET */
	struct request request;
	struct letter letter;
};

/* Can it be answered here at all? */
bool speech_is_ours(const struct question *);
/* 0 or an errno value, for speech_fail(). */
int speech_read(struct speech *, const struct question *);
/* Body of PROTO_DIAL: host and port as the stage's option has them; where to
 * dial for them may be another address.  0 or an errno value. */
int speech_dial(struct speech *, struct buf *);
/* *fd, connected, is -1 where it was taken.  0, or an errno value: done was
 * not and will not be called. */
int speech_start(struct speech *, struct transfer_client *, uint32_t left_ms, int *fd);
void speech_fail(struct speech *, int error);	/* calls done */

#endif
