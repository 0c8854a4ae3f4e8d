/* SPDX-License-Identifier: BSD-2-Clause */
/* From findings to a verdict: what is required, what failed, which code. */
#ifndef MAILTRI_AUTH_POLICY_H
#define MAILTRI_AUTH_POLICY_H

#include "options.h"

/* MT_CONTINUE, perhaps on the word of a forwarder, who is then marked as
 * believed; or the refusal written into the result: permanent with the
 * codes of RFC 7372, 451 where an answer of the DNS is wanting. */
int policy_judge(const struct options *, struct judgement *, struct mt_result *);
void policy_replay(enum replay, const char *event, struct mt_result *);
/* Tells the log that a forwarder was believed. */
void policy_log_forwarder(struct run *, const struct judgement *);
/* One line for the log: check, domain, selector, record and why. */
void policy_log(struct run *, const struct judgement *, const struct mt_result *);

#endif
