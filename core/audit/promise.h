/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the role `keys' remembers of its own signatures, so that it never
 * signs two checkpoints of which none extends the other (C2SP
 * tlog-checkpoint), whatever the engine asks and whatever backup the rows
 * came from.  The file keys/signed: "<log> <size> <hex root>\n".
 *
 * Where the file is lost nobody knows what was signed: log 0 and PROMISE_ANY
 * leaves, more than any log has.
 */
#ifndef MAILTRI_AUDIT_PROMISE_H
#define MAILTRI_AUDIT_PROMISE_H

#include "audit/checkpoint.h"

#define PROMISE_ANY (((uint64_t)1 << (TREE_LEVELS - 1)) - 1)

struct promise {
	uint64_t log;		/* 0: nothing was signed yet */
	struct tree_head head;
};

/* dir_fd: the folder keys/.  Errno values. */
int promise_load(int dir_fd, bool is_new, struct promise *);
int promise_save(int dir_fd, const struct promise *);

/* May this be signed?  The path shows that it extends a log of `old' leaves.
 * ESTALE: `old' is not what was signed last, or the log is an earlier one;
 * EBADMSG: it does not extend what was signed. */
struct promise_ask {
	struct checkpoint checkpoint;
	uint64_t old;
	struct tree_path path;
};
int promise_check(const struct promise *, const struct promise_ask *);

struct promise_answer {
	int error;		/* of promise_check(): then nothing is signed */
	struct promise last;	/* what was signed last, this one included */
	struct checkpoint_signatures signatures;
};

/* The bodies of PROTO_SIGN and PROTO_SIGNATURE.  EBADMSG. */
void promise_ask_pack(struct buf *, const struct promise_ask *);
int promise_ask_unpack(struct mt_span, struct promise_ask *);
void promise_answer_pack(struct buf *, const struct promise_answer *);
int promise_answer_unpack(struct mt_span, struct promise_answer *);
/* A promise within another body. */
void promise_pack(struct buf *, const struct promise *);
void promise_unpack(struct unpack *, struct promise *);

#endif
