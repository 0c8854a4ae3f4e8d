/* SPDX-License-Identifier: BSD-2-Clause */
/* The issue a mail becomes: title, description, id. */
#ifndef LINEAR_ISSUE_H
#define LINEAR_ISSUE_H

#include "mailtri/stage.h"

enum {
	ISSUE_TITLE_UNITS_MAX = 255,	/* UTF-16, as Linear counts */
	ISSUE_PREFIX_UNITS_MAX = 64,
	ISSUE_DESCRIPTION_MAX = 64 * 1024,
	ISSUE_UUID_SIZE = 37
};

/* A v4-shaped UUID from the idempotency key (hex digits of an HMAC), so that
 * every attempt names the same issue.  EINVAL: too few hex digits. */
int issue_uuid(const char *key, char out[ISSUE_UUID_SIZE]);

/* Both live as long as the callback; valid UTF-8. */
struct mt_span issue_title(const struct mt_host *, struct mt_msg *, const char *prefix);
struct mt_span issue_description(const struct mt_host *, struct mt_msg *);

#endif
