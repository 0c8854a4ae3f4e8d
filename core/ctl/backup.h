/* SPDX-License-Identifier: BSD-2-Clause */
/* What backups and restores share: files copied with their hash, the state
 * directory held against a daemon, sentences for what goes wrong. */
#ifndef MAILTRI_CTL_BACKUP_H
#define MAILTRI_CTL_BACKUP_H

#include "ctl/command.h"
#include "ctl/manifest.h"

/* Copies `size' bytes, or with UINT64_MAX all there are; entry gets size and
 * hash, out may be -1 (only read).  0, an errno value; ENODATA: ends before. */
int backup_copy(int in, int out, uint64_t size, struct manifest_entry *);
/* The same, of a file into a new one of mode 0600 that is durable. */
int backup_copy_file(int in_dir, int out_dir, struct manifest_entry *);	/* by entry->name */
/* Whether `got' is what the manifest says of it: 0 or EBADMSG. */
int backup_compare(const struct manifest_entry *said, const struct manifest_entry *got);

/* The state directory, made where it is missing, held as mailtrid holds it and
 * so until the command ends.  -1: told why, such as a running daemon. */
int backup_hold_state(struct context *);
int backup_make_owned(struct context *, int dir, const char *name, bool directory);	/* chown to
			 * the configured user; errno */

void backup_now(char out[32]);	/* RFC 3339 */

#endif
