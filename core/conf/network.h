/* SPDX-License-Identifier: BSD-2-Clause */
/* Networks of the configuration, "192.0.2.0/24", and who is in them. */
#ifndef MAILTRI_CONF_NETWORK_H
#define MAILTRI_CONF_NETWORK_H

#include <stdbool.h>
#include <sys/socket.h>

/* An IPv4 network is held as the IPv6 network it is mapped into. */
struct network { unsigned char bytes[16]; unsigned bits; };

/* "192.0.2.1", "192.0.2.0/24", "2001:db8::/32".  EINVAL: no network, or bits
 * beyond the prefix are set; ERANGE: it holds every IPv4 or IPv6 address. */
int network_parse(const char *, struct network *);
/* An IPv4 address mapped into IPv6 is that IPv4 address; false: no address. */
bool network_holds(const struct network *, const struct sockaddr_storage *);

#endif
