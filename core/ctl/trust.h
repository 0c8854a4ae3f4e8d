/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose signature counts, and the checkpoints that bear it: from the command
 * line, from files, or as the daemon says.  What is wrong has been printed.
 */
#ifndef MAILTRI_CTL_TRUST_H
#define MAILTRI_CTL_TRUST_H

#include "audit/checkpoint.h"
#include "ctl/command.h"

/* What the daemon's status says of its log. */
struct log_state {
	json_int_t records;
	char key[NOTE_NAME_MAX + 128];
};
int log_state_ask(struct context *, struct log_state *);	/* an exit code */

/* The key or its file as given; NULL: the daemon's, or, where `live' is NULL,
 * audit.pub of the configured installation.  An errno value. */
int trust_key(struct context *, const char *given, const struct log_state *live,
    struct note_key *);

/* The checkpoint of a note, an export, a proof, or a folder of tiles.  An
 * errno value. */
int trust_checkpoint(const char *path, const struct note_key *, struct checkpoint *);

#endif
