/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings as text: what is the default, what was changed. */
#ifndef MAILTRI_CONF_PRINT_H
#define MAILTRI_CONF_PRINT_H

#include <stdio.h>

#include "conf/settings.h"

enum print_what {
	PRINT_DEFAULTS,		/* every option with its default and help */
	PRINT_CHANGED,		/* what differs from the default */
	PRINT_ALL		/* every option with the value in force */
};

/* In the form of the files.  Secrets are references and print as such. */
void print_settings(FILE *, const struct settings *, enum print_what);
void print_settings_json(FILE *, const struct settings *, enum print_what);

/* Where listeners ask for less than TLS: a line for each, for `status'. */
size_t print_tls_warnings(FILE *, const struct settings *);

#endif
