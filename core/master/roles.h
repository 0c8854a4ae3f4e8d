/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes of a running mailtri: started, joined to the engine, started
 * again when they die, stopped in order.
 *
 * Every role but the engine hangs on a channel to the engine; when the engine
 * dies they see its end and end themselves, and all come back after it.  A
 * role that dies is back after 0.1 s, doubling to 30 s while it keeps dying;
 * ten seconds of life count as health.
 */
#ifndef MAILTRI_MASTER_ROLES_H
#define MAILTRI_MASTER_ROLES_H

#include "base/loop.h"
#include "conf/settings.h"

enum { ROLES_MAX = 256, ROLES_FIRST_DEATHS_MAX = 5 };	/* deaths of one role
				 * before all was ready once: we give up */

struct roles;

struct roles_options {
	struct loop *loop;
	const struct settings *settings;
	const int *listeners;	/* for the front, in the settings' order */
	int control;		/* listening; for the engine */
	void (*on_ready)(void *arg);	/* mail is taken, for the first time */
	void (*on_end)(void *arg, int status);	/* nothing runs any more */
	void *arg;
};

/* NULL: a program or a secret is missing, which was logged. */
struct roles *roles_new(const struct roles_options *);
/* The front first, then the engine, with which all others end; on_end
 * follows.  A second call kills what still runs. */
void roles_stop(struct roles *);
void roles_free(struct roles *);

#endif
