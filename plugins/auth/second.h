/* SPDX-License-Identifier: BSD-2-Clause */
/* libopendmarc's second opinion on identifiers we have judged already. */
#ifndef MAILTRI_AUTH_SECOND_H
#define MAILTRI_AUTH_SECOND_H

#include "dmarc_record.h"

/*
 * Whether libopendmarc agrees that DMARC passes, or does not, given what is
 * aligned.  It is told the From domain and, spelled as that, the aligned
 * identifiers that passed: its own idea of alignment is wrong for one-letter
 * names, public suffixes and strict mode.
 */
bool second_agrees(const char *from, enum policy, bool spf_aligned, bool dkim_aligned);
int second_init(void);	/* 0, or libopendmarc would not start */

#endif
