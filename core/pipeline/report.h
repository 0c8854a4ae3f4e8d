/* SPDX-License-Identifier: BSD-2-Clause */
/* The report on a judged mail, the JSON object of `mailtrictl check' and
 * `explain': disposition, reply, facts, checks, intent, edits. */
#ifndef MAILTRI_PIPELINE_REPORT_H
#define MAILTRI_PIPELINE_REPORT_H

#include "pipeline/mail.h"

void report_json(const struct mail *, struct buf *out);
/* Our reply line without its codes: "reason: sentence". */
const char *reply_text(const struct mail *, char *out, size_t size);

#endif
