/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes of a running mailtri: started, joined to the engine, started
 * again when they die, replaced when the configuration changes, stopped in
 * order.
 *
 * Every role but the engine hangs on a channel to the engine; when the engine
 * dies they see its end and end themselves, and all come back after it.  A
 * role that dies is back after 0.1 s, doubling to 30 s while it keeps dying;
 * ten seconds of life count as health.
 *
 * Engine and keys live as long as mailtrid.  All others belong to a
 * generation: a configuration and the roles that work by it.  A reload
 * starts the roles of a new one beside the old; when all of them are ready
 * its front takes the clients, and the old one ends with its last session,
 * mail and delivery.
 */
#ifndef MAILTRI_MASTER_ROLES_H
#define MAILTRI_MASTER_ROLES_H

#include "base/loop.h"
#include "master/config.h"

enum {
	ROLES_FIRST_DEATHS_MAX = 5,	/* deaths of one role before all was ready
				 * once: we give up */
	ROLES_READY_MS = 30000,	/* for a new generation to be ready */
	ROLES_DRAINING_MAX = 16	/* generations; the sessions of the oldest end
				 * where their mail ends when there are more */
};

struct roles;

struct roles_options {
	struct loop *loop;
	const char *file;	/* mailtri.conf, as it is read again */
	struct config *config;	/* the first one; taken */
	int *listeners;		/* for its front, in the settings' order; taken */
	int control;		/* listening; for the engine */
	void (*on_ready)(void *arg);	/* mail is taken, for the first time */
	void (*on_end)(void *arg, int status);	/* nothing runs any more */
	void *arg;
};

/* NULL: a program or a secret is missing, which was logged. */
struct roles *roles_new(const struct roles_options *);
/* Reads the configuration again.  What came of it is logged, told to the
 * service manager and, with an audit record, by the engine to whoever asked. */
void roles_reload(struct roles *);
/* The fronts first, then the engine, with which all others end; on_end
 * follows.  A second call kills what still runs. */
void roles_stop(struct roles *);
/* In force now: its settings, and a descriptor for each of its listeners. */
const struct settings *roles_settings(const struct roles *);
const int *roles_listeners(const struct roles *);
void roles_free(struct roles *);

#endif
