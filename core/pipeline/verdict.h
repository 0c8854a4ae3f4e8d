/* SPDX-License-Identifier: BSD-2-Clause */
/* From opinions to one disposition and its SMTP reply. */
#ifndef MAILTRI_PIPELINE_VERDICT_H
#define MAILTRI_PIPELINE_VERDICT_H

#include "conf/settings.h"
#include "pipeline/call.h"

enum disposition {
	ACCEPTED,
	HELD,			/* releasers must release it */
	QUARANTINED,		/* the host's: an operator must look */
	REJECTED,
	DEFERRED,
	DUPLICATE		/* 250 for the first of the same mail */
};

struct verdict {
	uint8_t disposition;	/* enum disposition */
	uint16_t code;
	const char *stage;	/* who decided; "host" */
	uint8_t phase;		/* enum phase, of who decided */
	char enhanced[12], reason[64], text[256];
};

const char *disposition_name(enum disposition);	/* "accepted" */
struct verdict verdict_accepted(void);
/* A decision of the host itself: code 4xx or 5xx. */
struct verdict verdict_host(uint16_t code, const char *enhanced, const char *reason,
    const char *text);
/* What one stage's outcome makes of the verdict so far; true: stop here.
 * A verdict is never lowered. */
bool verdict_add(struct verdict *, const struct setting_stage *, enum phase,
    const struct outcome *);

#endif
