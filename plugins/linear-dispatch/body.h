/* SPDX-License-Identifier: BSD-2-Clause */
/* What a mail says: its subject, and the one part that is its text. */
#ifndef LINEAR_BODY_H
#define LINEAR_BODY_H

#include "run.h"

/* An issue's text (issue.h) has room for all of the Markdown and a footer. */
enum { BODY_TEXT_MAX = 256 * 1024, BODY_MARKDOWN_MAX = 55 * 1024,
	BODY_NONE = -1 };

struct body {
	struct mt_span subject;	/* decoded, without "Re:"; may be no UTF-8 */
	struct mt_span words, tail;	/* what it says; signature and quotes */
	int markdown;		/* they are (html.h), else plain text */
	int cut;		/* there was more */
	int32_t text, html;	/* the parts they may come from; BODY_NONE */
};

void body_read(const struct run *, struct body *);
int body_is_blank(struct mt_span);

#endif
