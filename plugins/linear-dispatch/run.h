/* SPDX-License-Identifier: BSD-2-Clause */
/* One run of deliver() or probe(): what it asks of Linear and how it ends. */
#ifndef LINEAR_RUN_H
#define LINEAR_RUN_H

#include "answer.h"
#include "query.h"

enum { RUN_TEXT_MAX = 255 };	/* bytes of what a delivery says */

struct run {
	const struct mt_host *host;
	struct mt_msg *msg;
	const struct mt_conf *conf;
	struct mt_delivery *out;	/* NULL: a probe */
	const char *key;	/* idempotency key, NUL-terminated */
	int again;		/* an attempt was made before */
	struct answer *answers[MT_QUESTIONS_MAX];
	size_t answer_count;
};

/* Callbacks' values: 0 with *a, which is good until run_fini(); MT_WAIT; or -1.
 * Steals `variables'. */
int run_ask(struct run *, const struct query *, json_t *variables, const struct answer **a);
void run_fini(struct run *);
int run_is_oauth(const struct run *);

/* Copies that live as long as the callback. */
char *run_string(const struct run *, struct mt_span);
char *run_printf(const struct run *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Each returns 0, what deliver() returns then. */
int run_end(const struct run *, int status, const char *reason, const char *text);
int run_end_failed(const struct run *, const struct answer *);
/* The issue at `path' of an answer names the outcome; 0: there is none. */
int run_name_issue(const struct run *, const struct answer *, const char *path);

/* What is not there is an error of the API, "Entity not found": any refusal of
 * a constant question with a sound id says so. */
int run_is_absent(const struct answer *, const char *path);

#endif
