/* SPDX-License-Identifier: BSD-2-Clause */
/* Content-Type and its like: a head and its parameters (RFC 2045 5.1),
 * read strictly from the raw bytes for what the caps and the lint need. */
#ifndef MAILTRI_MAIL_PARAMETER_H
#define MAILTRI_MAIL_PARAMETER_H

#include "mail/finding.h"
#include "mail/view.h"

struct parameter {
	struct mt_span name, value;	/* value: inside its quotes, escapes as
					 * they stand */
};

struct parameters {
	struct mt_span value;
	size_t at;
	uint32_t count;
	struct findings *findings;
};

/* The head ("text/plain", "attachment", "base64"), white space and comments
 * removed around it; then its parameters until false.  A parameter beyond
 * VIEW_PARAMETERS_MAX, or one with a longer name, is a finding and the end. */
struct mt_span parameters_open(struct parameters *, struct mt_span value, struct findings *);
bool parameters_next(struct parameters *, struct parameter *);

#endif
