/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a mail asks for.  The recipient selects the route; a
 * "#word" in the subject, or at the start of a line of the text, selects
 * among that route's intents; a word that names none of them selects
 * nothing.  Two words that select different intents are refused.
 */
#ifndef MAILTRI_PIPELINE_INTENT_H
#define MAILTRI_PIPELINE_INTENT_H

#include "conf/settings.h"
#include "pipeline/call.h"

enum { INTENT_WORD_MAX = 32, INTENT_TEXT_MAX = 64 * 1024 };

/* 0, or EINVAL: ambiguous.  The spans belong to the route. */
int intent_find(const struct setting_route *, struct mt_span subject,
    struct mt_span text, struct call_intent *);
uint32_t intent_class(const char *intent);	/* enum mt_class */

#endif
