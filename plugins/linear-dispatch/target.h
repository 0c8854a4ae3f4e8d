/* SPDX-License-Identifier: BSD-2-Clause */
/* The issue a mail is about. */
#ifndef LINEAR_TARGET_H
#define LINEAR_TARGET_H

#include "run.h"

/* The issue the thread began with, else the one the thread's first mail
 * changed, else the one `subject' names; empty: it is not asked.
 * 0: *issue is there, may be changed, and names the outcome; 1: the outcome is
 * set, or MT_WAIT and -1 are, as *status. */
int target_find(struct run *, struct mt_span subject, const struct answer **issue, int *status);

#endif
