/* SPDX-License-Identifier: BSD-2-Clause */
/* The OPTIONS of a stage's manual page, made from the stage's own table, so
 * that what the page says is what the program does. */
#ifndef MAILTRI_CTL_MANUAL_H
#define MAILTRI_CTL_MANUAL_H

#include <stdio.h>

#include "conf/descriptor.h"

/* The list of options in mdoc(7), without its .Sh line. */
void manual_options(FILE *, const struct descriptor *);

/* Type of an option as people say it: "list", "duration" ... */
const char *manual_type(const struct mt_option *);

#endif
