/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Templates: text with {{name}}, and {{#name}}...{{/name}} for what is only
 * shown where name is not empty.  Names are those of a fixed table; a value
 * is never looked at for more of them.
 */
#ifndef ANSWER_TEMPLATE_H
#define ANSWER_TEMPLATE_H

#include "../common/text.h"

enum template_name {
	TEMPLATE_SUBJECT, TEMPLATE_OUTCOME, TEMPLATE_REASON, TEMPLATE_SENTENCE,
	TEMPLATE_RESOURCE_ID, TEMPLATE_RESOURCE_URL, TEMPLATE_EVENT, TEMPLATE_ROUTE,
	TEMPLATE_DATE, TEMPLATE_NAMES
};

enum template_sink { TEMPLATE_PLAIN, TEMPLATE_HTML };

enum {
	TEMPLATE_MAX = 64 * 1024,	/* bytes of a template */
	TEMPLATE_DEPTH_MAX = 8,
	TEMPLATE_VALUE_MAX = 1024,	/* characters of a value */
	TEMPLATE_WHY_MAX = 128
};

/* 0; or -1 with the line the error is in and what is wrong with it. */
int template_check(struct mt_span, size_t *line, char why[TEMPLATE_WHY_MAX]);

/* Of a template that was checked.  A value goes in as one line, escaped for
 * the sink; a URL only if it is a sound https:// one. */
void template_render(struct mt_span, const struct mt_span values[TEMPLATE_NAMES],
    enum template_sink, struct text *);

#endif
