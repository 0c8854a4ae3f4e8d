/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of what Linear has, to its ids. */
#ifndef LINEAR_LOOKUP_H
#define LINEAR_LOOKUP_H

#include "../common/text.h"
#include "wish.h"

enum { LOOKUP_MISSING_MAX = 2048 };

struct lookup {
	const char *team, *assignee, *project, *state;	/* ids; NULL: none */
	const char *labels[WISH_LABELS_MAX];
	size_t label_count;
	struct text missing;	/* what the mail wants and Linear has not: Markdown */
	enum wish_noun noun;	/* what lookup_read() says is wrong */
};

/* As run_ask(). */
int lookup_ask(struct run *, const struct wish *, const char *team, const struct answer **);
/* NULL, or a sentence: what is configured is not there, or the mail wants what
 * is not and `on_unknown' says that fails. */
const char *lookup_read(const struct run *, const struct wish *, const struct answer *,
    struct lookup *);

/* The ids into the input of an IssueCreate or IssueUpdate. */
void lookup_fill(const struct lookup *, const struct wish *, const char *label_field,
    json_t *input);

#endif
