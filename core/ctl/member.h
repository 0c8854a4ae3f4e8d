/* SPDX-License-Identifier: BSD-2-Clause */
/* Members of JSON objects as text for a terminal. */
#ifndef MAILTRI_CTL_MEMBER_H
#define MAILTRI_CTL_MEMBER_H

#include <jansson.h>

#include "base/arena.h"

/* The harmless form of a member: text as it is, anything else as JSON.
 * NULL: it is not there, or null. */
const char *member_text(struct arena *, const json_t *object, const char *name);
const char *time_text(struct arena *, int64_t unix_s);	/* RFC 3339, UTC */

#endif
