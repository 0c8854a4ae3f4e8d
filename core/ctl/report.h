/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report on one mail: what the engine says, in the form mailtrictl(8)
 * promises, as JSON or as a page for a person.
 */
#ifndef MAILTRI_CTL_REPORT_H
#define MAILTRI_CTL_REPORT_H

#include <jansson.h>

#include "ctl/term.h"

enum { REPORT_SIGNATURES_MAX = 10 };

/* The promised object: members in their order, "signatures" made of the
 * facts auth.signature.N, which stay among the facts.  id may be NULL.
 * NULL: what the engine said is no report. */
json_t *report_new(const json_t *said, json_t *id);

void report_print(const struct term *, const json_t *report);

#endif
