/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Linear's API said, read from a reply nobody trusts: HTTP status, JSON
 * and the errors in it, mapped to what the delivery does next.
 */
#ifndef LINEAR_ANSWER_H
#define LINEAR_ANSWER_H

#include <jansson.h>

#include "mailtri/stage.h"

enum { ANSWER_TEXT_MAX = 200, ANSWER_RETRY_MAX_S = 6 * 3600, ANSWER_RETRY_S = 60 };

enum answer_kind {
	ANSWER_DATA,		/* data holds what was asked for, no error */
	ANSWER_RETRY,		/* Linear or the way there: later */
	ANSWER_LIMITED,		/* rate limit: not before retry_after_s */
	ANSWER_REFUSED,		/* our key, or our plan: an operator must act */
	ANSWER_INVALID		/* what we sent is not accepted */
};

struct answer {
	enum answer_kind kind;
	json_t *data;		/* "data" of the reply or NULL; ours */
	uint32_t retry_after_s;
	char reason[64];	/* "linear.ratelimited" */
	char text[ANSWER_TEXT_MAX + 1];	/* Linear's words for a user, one line */
};

/* now: Unix s, for resets that are given as a time. */
void answer_parse(const struct mt_http_reply *, int64_t now, struct answer *);
void answer_free(struct answer *);

/* A string in a tree of objects and arrays: "issueCreate/issue/id",
 * "teams/nodes/0/id"; NULL where there is none. */
const char *answer_string(const struct answer *, const char *path);
json_t *answer_find(const struct answer *, const char *path);
/* Whether an object of the array there has that value, without case. */
int answer_lists(const struct answer *, const char *path, const char *key, const char *value);

#endif
