/* SPDX-License-Identifier: BSD-2-Clause */
/* Authentication-Results (RFC 8601): ours is added, forged ones of ours and
 * every Received-SPF are removed. */
#ifndef MAILTRI_AUTH_RESULTS_H
#define MAILTRI_AUTH_RESULTS_H

#include "judgement.h"

enum { RESULTS_MAX = 12288 };	/* ten signatures of the longest names, and room */

/* The authserv-id of a field's value, comments skipped, quotes taken off;
 * false: none can be read.  out: room bytes. */
bool results_authserv(struct mt_span value, char *out, size_t room);
/* Whether anybody may take a field of this value for ours: quoted or not,
 * with comments in the name, in U-labels or A-labels, or unreadable. */
bool results_ours(struct mt_span value, struct mt_span ours);
/* 0, or -1: an edit was refused.  Forged fields go even where ours cannot be
 * added. */
int results_edit(struct run *, const struct judgement *);
void results_write(struct text *, const struct run *, const struct judgement *);

#endif
