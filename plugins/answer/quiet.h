/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When there is no answer: RFC 3834 2, RFC 5230 4.6.  A machine that is
 * answered answers, and a list hands the answer to everybody.
 */
#ifndef ANSWER_QUIET_H
#define ANSWER_QUIET_H

#include "mailtri/stage.h"

/* NULL: it may be answered.  Else a word, the end of the reason.  rcpt: who
 * would get the answer, empty where nobody is proved. */
const char *quiet_why(const struct mt_host *, struct mt_msg *, struct mt_span rcpt);

/* Does the local part fit, without case?  "owner-*", "*-request", "noreply". */
int quiet_fits(struct mt_span local, const char *pattern);

#endif
