/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exported audit log and its offline verifier.  The file is JSON lines:
 *
 *	{"action":...}			a leaf, byte for byte; seq 0, 1, 2 ...
 *	{"open":{"fields":{...},"seq":N}}	optional, behind its leaf: personal
 *					values, each ["salt hex","value"] with
 *					value in base64
 *	{"checkpoint":"..."}		last line: the signed note
 *
 * Found are: every changed byte, a line left out, added or swapped, a file
 * cut anywhere, a checkpoint signed by another key.  The verifier holds back
 * all it could say until it has checked everything.
 */
#ifndef MAILTRI_AUDIT_VERIFY_H
#define MAILTRI_AUDIT_VERIFY_H

#include "audit/checkpoint.h"

enum { VERIFY_LINE_MAX = 4 << 20 };

enum verify_status {
	VERIFY_INTACT = 0,
	VERIFY_ALTERED = 1,
	VERIFY_STALE = 2	/* intact, but older than a checkpoint seen before */
};

struct verify_result {
	enum verify_status status;
	uint64_t records, openings;
	uint64_t line;		/* where it broke, 1-based; 0: nowhere */
	struct checkpoint checkpoint;	/* the file's own; log 0 without one */
	char why[256];		/* a sentence; empty when intact */
};

struct verifier;
/* seen: a checkpoint the caller trusts from before, or NULL: the log must
 * extend it.  Copies both. */
struct verifier *verifier_new(const struct note_key *, const struct checkpoint *seen);
void verifier_line(struct verifier *, struct mt_span line);	/* without "\n" */
/* complete: the input ended with "\n".  Frees the verifier. */
void verifier_finish(struct verifier *, bool complete, struct verify_result *);
int audit_verify_file(const char *path, const struct note_key *, const struct checkpoint *seen,
    struct verify_result *);	/* errno: cannot be read */
/* A folder of tiles as in state_dir/audit: the checkpoint, all full tiles and
 * bundles of entries, and those partial ones its size has. */
int audit_verify_folder(int dir_fd, const struct note_key *, const struct checkpoint *seen,
    struct verify_result *);

#endif
