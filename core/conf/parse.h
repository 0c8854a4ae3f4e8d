/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading mailtri.conf and the stages.d files it names: mailtri.conf(5). */
#ifndef MAILTRI_CONF_PARSE_H
#define MAILTRI_CONF_PARSE_H

#include "conf/problem.h"
#include "conf/settings.h"

/*
 * The settings of `file', or NULL where there are errors.  All problems of
 * all files are added.  Runs workers (conf/describe.h); the environment's
 * MAILTRI_LIBEXEC names their directory instead of libexec_dir.  Not to be
 * called from two threads: libconfuse's lexer is global.
 */
struct settings *parse_settings(const char *file, struct problems *);

#endif
