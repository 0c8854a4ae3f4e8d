/* SPDX-License-Identifier: BSD-2-Clause */
/* Domain names of the configuration. */
#ifndef MAILTRI_CONF_DOMAIN_H
#define MAILTRI_CONF_DOMAIN_H

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { DOMAIN_BYTES_MAX = 253 };

/* ASCII letters, digits and hyphens between single dots. */
static inline bool
domain_is_valid(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len > DOMAIN_BYTES_MAX || *s == '.' || s[len - 1] == '.')
		return false;
	for (; *s != '\0'; s++)
		if ((!isalnum((unsigned char)*s) && *s != '-' && *s != '.') ||
		    (*s == '.' && s[1] == '.'))
			return false;
	return true;
}

#endif
