/* SPDX-License-Identifier: BSD-2-Clause */
/* Where things stand in a view's block; for its reader (view.c, where the
 * layout is told) and its writer (view_builder.c) alone. */
#ifndef MAILTRI_MAIL_VIEW_FORMAT_H
#define MAILTRI_MAIL_VIEW_FORMAT_H

#include "mail/view.h"

enum {
	VIEW_MAGIC = 0x3157564d,	/* "MVW1" */
	VIEW_AT_RAW = 4,
	VIEW_AT_FLAGS = 8,
	VIEW_AT_FIELDS = 12,
	VIEW_AT_PARTS = 16,
	VIEW_AT_FINDINGS = 20,
	VIEW_AT_BODY = 24,
	VIEW_AT_SUBJECT = 28,
	VIEW_HEAD = 36,
	VIEW_FIELD_ROW = 20,
	VIEW_PART_ROW = 48,
	VIEW_FINDING_ROW = 8
};
enum { VIEW_AMBIGUOUS = 1 };
enum { VIEW_PART_RAW = 1, VIEW_PART_EMBEDDED = 2, VIEW_PART_FLAGS = 3 };

#endif
