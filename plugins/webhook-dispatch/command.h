/* SPDX-License-Identifier: BSD-2-Clause */
/* What a mail orders: "#word ..." and "/word ..." in the lines its text
 * begins with, and #words of the subject. */
#ifndef WEBHOOK_COMMAND_H
#define WEBHOOK_COMMAND_H

#include <jansson.h>

#include "mailtri/stage.h"

enum { COMMANDS_MAX = 32, COMMAND_NAME_MAX = 64, COMMAND_ARGUMENT_MAX = 200 };

/* Adds {name, argument, source} each; *cut where there were more, or longer
 * ones.  The subject is decoded already. */
void command_list_text(json_t *list, struct mt_span text, int *cut);
void command_list_subject(json_t *list, struct mt_span subject, int *cut);

#endif
