/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is wanted of an issue: by the options, by tags in the subject (#bug !high
 * @ann due:friday), by commands at the start of the text (/priority high).  One
 * table has them all.  What is no tag or command stays text.
 */
#ifndef LINEAR_WISH_H
#define LINEAR_WISH_H

#include "run.h"

enum {
	WISH_NAME_MAX = 255,	/* bytes of a name; longer is text */
	WISH_LABELS_MAX = 50,	/* with the options'; what would be more is text */
	WISH_LINES_MAX = 32	/* commands; a line behind them is text */
};

enum wish_noun { WISH_TEAM, WISH_STATE, WISH_ASSIGNEE, WISH_PROJECT, WISH_PRIORITY,
	WISH_DUE, WISH_LABEL };

struct wish_name {
	const char *text;	/* valid UTF-8; NULL: not wanted */
	int by_mail;		/* else the options' */
};

struct wish {
	const struct run *run;
	struct mt_span verb;	/* of the intent: "#create_task" is no label */
	struct wish_name one[WISH_LABEL];	/* by noun; a later wish replaces */
	struct wish_name labels[WISH_LABELS_MAX];
	size_t label_count;
	const char *refused_team;	/* wanted by mail, not in `teams' */
};

void wish_init(struct wish *, const struct run *);
void wish_options(struct wish *);
/* The subject without its tags. */
struct mt_span wish_subject(struct wish *, struct mt_span);
/* The text without the commands at its start.  markdown: as html.h writes it. */
struct mt_span wish_text(struct wish *, struct mt_span, int markdown);
int wish_priority(const struct wish *);	/* as Linear counts; -1: not wanted */
int wish_is_empty(const struct wish *);

#endif
