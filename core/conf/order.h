/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the written order of stages makes sense: never sorted, only judged. */
#ifndef MAILTRI_CONF_ORDER_H
#define MAILTRI_CONF_ORDER_H

#include "conf/problem.h"
#include "conf/settings.h"

/* places[i] is where stages[i] is named.  What is wrong is added: checks in
 * the pipeline and deliver in routes, facts read before they are written or
 * written twice, groups that mix the two kinds of workers. */
void order_check(const struct settings *, const struct place *places, struct problems *);

#endif
