/* SPDX-License-Identifier: BSD-2-Clause */
/* The charsets mail is decoded from in a process that can open no file. */
#ifndef MAILTRI_MAIL_CHARSET_H
#define MAILTRI_MAIL_CHARSET_H

#include <stddef.h>

/* Loads the converters of charset_names for good; a name this C library does
 * not know is left out.  Without it iconv loads each when it is met. */
void charset_preload(void);

/* Ends with NULL: those of the WHATWG's Encoding standard, what mail has used
 * before it, and Unicode's own.  Other names for them need not be here. */
extern const char *const charset_names[];

#endif
