/* SPDX-License-Identifier: BSD-2-Clause */
/* What each command does to a session once it is allowed and parsed. */
#ifndef MAILTRI_SMTP_ACTION_H
#define MAILTRI_SMTP_ACTION_H

#include "smtp/command.h"
#include "smtp/session.h"

void action_run(struct session *, const struct command *);
/* Does not bring a mail forward: SESSION_JUNK_MAX of them are borne. */
bool action_is_junk(enum command_verb);

#endif
