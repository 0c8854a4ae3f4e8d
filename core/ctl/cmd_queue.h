/* SPDX-License-Identifier: BSD-2-Clause */
/* What mailtrictl queue and mailtrictl queue dead share. */
#ifndef MAILTRI_CTL_CMD_QUEUE_H
#define MAILTRI_CTL_CMD_QUEUE_H

#include "ctl/command.h"

/* Every message in that state (NULL: all), page by page. */
int queue_page(struct context *, const char *state, control_object_fn, void *arg);
void queue_item_print(struct context *, const json_t *item);
void queue_acted(json_t *answer, void *context);	/* prints what became of it */

/* cmd_dead.c: queue dead */
struct dead_options {
	const char *stage;
	bool all, yes;
};
extern const struct option_row dead_rows[];
int dead_run(struct context *);

#endif
