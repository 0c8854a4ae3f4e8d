/* SPDX-License-Identifier: BSD-2-Clause */
/* What an operator does to a message, named by the request's command: done
 * and audited in one transaction, or refused with a sentence. */
#ifndef MAILTRI_CTL_HANDLERS_ACT_H
#define MAILTRI_CTL_HANDLERS_ACT_H

#include "ctl/handlers.h"

void handlers_act(struct control_reply *, const json_t *request, void *arg);

#endif
