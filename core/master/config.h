/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One configuration as it was when it was read: settings, and the secrets of
 * its roles.  A role that dies is started again from these, whatever the
 * files say by then.
 *
 * It is read by a process of its own, so that a file that is broken, or a
 * stage that hangs when it is asked what it is, holds up nobody.
 */
#ifndef MAILTRI_MASTER_CONFIG_H
#define MAILTRI_MASTER_CONFIG_H

#include <sys/types.h>

#include "conf/settings.h"

enum {
	CONFIG_ROLES_MAX = 256,	/* processes of one configuration */
	CONFIG_GROUPS_MAX = 31,	/* of stages; the engine has a pool for each */
	CONFIG_LISTENERS_MAX = 13,	/* descriptors a front can be given */
	CONFIG_CHECKERS = 2,	/* workers of a group that checks: one may hang */
	CONFIG_READ_MS = 120000	/* to read and check one */
};

struct config {
	struct settings *settings;
	int settings_fd;	/* memfd: packed, for the roles */
	struct buf secrets;	/* mlocked: string role, string group, span packed */
};

void config_free(struct config *);	/* wipes; NULL is allowed */
/* What config_secrets() of the role is; empty for one that has none.  The
 * root key is not among them. */
struct mt_span config_secrets(const struct config *, const char *role, const char *group);
/* How many processes a group wants. */
uint32_t config_workers(const struct settings *, const char *group);
bool config_is_first_of_group(const struct settings *, size_t stage);

/* Starts the process that reads `file'; its answer comes over *fd.  With
 * `old', the settings in force, everything is tried out as well: stages
 * opened, certificates loaded; and what differs from them must be what can
 * change without a restart.  0 or an errno value. */
int config_read_start(const char *file, const struct settings *old, pid_t *, int *fd);
/* Its answer: 0 and the configuration; EINVAL: it has errors; another errno
 * value: there is none, as the process broke.  problems gets sentences, one
 * a line, warnings too. */
int config_read_end(int fd, struct config **, struct buf *problems);

#endif
