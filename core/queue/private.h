/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of this folder share; committing thread. */
#ifndef MAILTRI_QUEUE_PRIVATE_H
#define MAILTRI_QUEUE_PRIVATE_H

#include "queue/queue.h"
#include "store/private.h"

/* A message's row without its content. */
struct queue_row {
	int64_t id, retain_s;
	enum queue_state state;
};

bool queue_row_find(struct store *, const char *event, struct queue_row *);
/* Panics on a change the table at the head of queue.c does not know. */
void queue_row_set(struct store *, struct queue_row *, enum queue_state);
/* The state that follows from the message's targets. */
enum queue_state queue_row_judge(struct store *, const struct queue_row *);
int64_t queue_count(struct store *, const char *sql, int64_t id);	/* one number */
void queue_run(struct store *, const char *sql, int64_t id);	/* one statement */
int64_t queue_meta(struct store *, const char *name);	/* a fact of the state itself; 0: unset */
void queue_meta_set(struct store *, const char *name, int64_t);

#endif
