/* SPDX-License-Identifier: BSD-2-Clause */
/* When an issue is due, as people write it. */
#ifndef LINEAR_DUE_H
#define LINEAR_DUE_H

#include "mailtri/stage.h"

enum { DUE_SIZE = 11, DUE_DIGITS_MAX = 3	/* of "+3d" */ };

/* "today", "tomorrow", a day of the week ("fri", "friday": the next one, never
 * today), "+3d", "2026-12-24"; without case.  now: Unix s; days are UTC's.
 * EINVAL: none of these, or a day no calendar has. */
int due_parse(struct mt_span, int64_t now, char out[DUE_SIZE]);

#endif
