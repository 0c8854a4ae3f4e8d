/* SPDX-License-Identifier: BSD-2-Clause */
/* What roles.c, role.c, generation.c and reload.c of the master share. */
#ifndef MAILTRI_MASTER_ROLE_H
#define MAILTRI_MASTER_ROLE_H

#include "base/frame.h"
#include "master/roles.h"

enum { BACKOFF_MIN_MS = 100, BACKOFF_MAX_MS = 30000, HEALTHY_MS = 10000,
	ORPHAN_MS = 5000 };	/* to end after the engine, or with a generation */

enum stopping { STOP_NOT, STOP_FRONT, STOP_ENGINE, STOP_REST };

/* One process, through all its lives. */
struct role {
	struct role *next;
	struct roles *roles;
	struct generation *generation;	/* NULL: engine, keys */
	char *name, *group;	/* "worker", "checks"; or "" */
	char *instance;		/* "worker:checks" */
	char *title;		/* what ps shows */
	pid_t pid;		/* 0: not running */
	uint32_t id;		/* of this life, for the engine */
	bool ready;		/* this life said so */
	bool served;		/* the last one did */
	struct watch death;
	struct timer restart, orphan;
	int64_t started_ms;
	int backoff_ms, first_deaths;
};

enum generation_state { GENERATION_STARTING, GENERATION_CURRENT, GENERATION_DRAINING,
	GENERATION_OVER };

struct generation {
	struct generation *next;	/* older */
	struct roles *roles;
	uint32_t number;
	enum generation_state state;
	struct config *config;
	int *listeners;		/* NULL from DRAINING on: its front has its own */
	struct timer patience;	/* STARTING: to be ready; OVER: to be gone */
};

/* What is going on with the configuration. */
struct reload {
	pid_t pid;		/* it is being read; 0: it is not */
	struct watch answer;
	struct timer patience, later;
	bool busy, again;	/* again: it was asked for meanwhile */
	uint32_t asked, serving;	/* the engine's numbers of who asks */
	struct generation *candidate;	/* it is being started */
	struct buf problems;	/* sentences, one a line */
};

struct roles {
	struct roles_options options;
	struct role *list;	/* the engine first */
	struct generation *generations, *current;
	struct channel *engine;	/* NULL: it does not run */
	uint32_t last_id, last_generation;
	bool ready;
	enum stopping stopping;
	struct timer patience;	/* of the phase of stopping */
	struct reload reload;
	int status;		/* to end with */
};

/* role.c */
struct role *role_new(struct roles *, struct generation *, const char *name,
    const char *group);
void role_free(struct role *);	/* kills it */
int role_start(struct role *);	/* errno; logged */
void role_restart(struct role *, int status);	/* after its death */
void role_kill(const struct role *, int signal);
bool role_is(const struct role *, const char *name);
bool role_has_followed(int status);	/* it ended as the engine's channel did */

/* generation.c */
struct generation *generation_new(struct roles *, struct config *, int *listeners);
int generation_start(struct generation *);	/* its roles; errno, logged */
void generation_announce(const struct generation *);	/* to the engine */
bool generation_is_ready(const struct generation *);
void generation_make_current(struct generation *);
/* Nothing of it is wanted any more.  patience_ms: to end by itself; 0: none. */
void generation_end(struct generation *, int patience_ms);
void generation_look(struct generation *);	/* freed where it is over and gone */
void generation_free(struct generation *);

/* reload.c */
void reload_request(struct roles *, uint32_t asked);
void reload_go_on(struct roles *);	/* what was asked before all was ready */
void reload_role_ready(struct role *);
void reload_role_died(struct role *, int status);
void reload_engine_died(struct roles *);
void reload_cancel(struct roles *);	/* the master stops */

/* roles.c */
void roles_died(struct role *, int status);
void roles_engine(struct roles *, int fd);	/* its new channel */

#endif
