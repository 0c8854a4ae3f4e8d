/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of an issue or a comment. */
#ifndef LINEAR_ISSUE_H
#define LINEAR_ISSUE_H

#include "../common/text.h"
#include "body.h"
#include "file.h"

enum {
	ISSUE_TITLE_UNITS_MAX = 255,	/* UTF-16, as Linear counts */
	ISSUE_PREFIX_UNITS_MAX = 64,
	ISSUE_TEXT_MAX = 64 * 1024
};

/* Both live as long as the callback; valid UTF-8. */
struct mt_span issue_title(const struct run *, struct mt_span subject);
/* words: of the body, without its commands.  missing: what was not found in
 * Linear; may be NULL. */
struct mt_span issue_text(const struct run *, const struct body *, const struct files *,
    const struct text *missing);

#endif
