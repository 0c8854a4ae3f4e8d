/* SPDX-License-Identifier: BSD-2-Clause */
/* What a mail may do in Linear: one function an act, each one run of
 * deliver(): 0, MT_WAIT or -1. */
#ifndef LINEAR_ACT_H
#define LINEAR_ACT_H

#include "file.h"
#include "run.h"

int create_run(struct run *);	/* an issue */
int comment_run(struct run *);	/* a reply, on the issue of its thread */
int update_run(struct run *);
int archive_run(struct run *);
int probe_run(struct run *, struct mt_result *why);

/* A comment with our own id on an issue, for comment_run() and update_run():
 * 0 with its URL (of Linear's answer) and the outcome, which is MT_DUPLICATE
 * or MT_DELIVERED where it is there; MT_WAIT; -1. */
int comment_make(struct run *, const char *issue, struct mt_span text, const char **url);
/* The answer that shows the comment an attempt before this one made; NULL:
 * none did.  1: the outcome is set, or MT_WAIT and -1 are, as *status. */
int comment_find(struct run *, const struct answer **there, int *status);

#endif
