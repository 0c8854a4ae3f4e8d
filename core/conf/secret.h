/* SPDX-License-Identifier: BSD-2-Clause */
/* Where secrets come from: read by the master, sent to the one role that
 * needs them.  A reference is "file:/path" or "credential:NAME". */
#ifndef MAILTRI_CONF_SECRET_H
#define MAILTRI_CONF_SECRET_H

#include "conf/settings.h"

enum { SECRET_BYTES_MAX = 64 * 1024, SECRET_WHY_MAX = 512, SECRET_ROOT_BYTES = 32 };

/*
 * Appends the bytes; one newline at the end is dropped.  0, or an errno
 * value and `why', a sentence with the remedy; EPERM: others may read or
 * write the file; ENOTDIR: a credential outside of systemd's service.  The
 * caller wipes the buffer.
 */
int secret_load(const char *reference, struct buf *, char why[SECRET_WHY_MAX]);

/* The root key: as configured, else state_dir/keys/root, made once with mode
 * 0400 and made durable before it is used.  A file of another mode, or of a user
 * that is neither us nor root, is EPERM.  Always SECRET_ROOT_BYTES. */
int secret_load_root(const struct settings *, struct buf *, char why[SECRET_WHY_MAX]);

/* Everything one role may know, packed (settings.h names them): "front" and
 * "keys" have their own, "worker" and "worker-net" those of their group; group
 * may be NULL or "" for the others.  0, or an errno value and why; the buffer
 * is to be wiped. */
int secret_pack_role(const struct settings *, const char *role, const char *group,
    struct buf *, char why[SECRET_WHY_MAX]);

/* Whether a file could be loaded: 0, or an errno value and why. */
int secret_try_file(const char *path, bool private, char why[SECRET_WHY_MAX]);

#endif
