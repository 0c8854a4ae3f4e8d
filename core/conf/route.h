/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses of routes. */
#ifndef MAILTRI_CONF_ROUTE_H
#define MAILTRI_CONF_ROUTE_H

#include "conf/settings.h"

/* The one form an address is compared in: the domain in A-labels and lower
 * case.  NULL: it is no address a route may have. */
const char *route_address(struct arena *, const char *text);
/* The address, verb and target of a route: "verb.target@domain" or
 * "verb+target@domain"; without a separator the whole local part is the verb.
 * 0 or EINVAL. */
int route_parse(struct arena *, const char *text, struct setting_route *);

#endif
