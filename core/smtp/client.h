/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many connections each client has.  A client is an IPv4 address or an
 * IPv6 /64: one subscriber's network.  Sockets without an address (unix) are
 * not counted.
 */
#ifndef MAILTRI_SMTP_CLIENT_H
#define MAILTRI_SMTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { CLIENT_TEXT_MAX = 64 };

struct clients;

struct clients *clients_new(uint32_t limit);	/* connections of one client */
void clients_free(struct clients *);
bool clients_add(struct clients *, const struct sockaddr_storage *);	/* false: at
						 * the limit, not added */
void clients_remove(struct clients *, const struct sockaddr_storage *);

/* "192.0.2.1", "2001:db8::1"; an IPv4 address mapped into IPv6 is IPv4;
 * "unix" for what has none. */
void client_format(const struct sockaddr_storage *, char out[CLIENT_TEXT_MAX],
    uint16_t *port);

#endif
