/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLS of the server side: 1.2 and 1.3, forward secrecy and AEAD only, no
 * renegotiation, compression or early data, whatever the system's openssl.cnf
 * says.  RFC 9325.  A session is resumed by a ticket (smtp/ticket.h) for an
 * hour, by this process alone.
 */
#ifndef MAILTRI_SMTP_TLS_H
#define MAILTRI_SMTP_TLS_H

#include "base/span.h"

struct ssl_st;
struct tls_server;

struct tls_server *tls_server_new(void);
void tls_server_free(struct tls_server *);
/* A certificate with its chain and its key, PEM; one of each kind of key.
 * NULL, or what is wrong with them: static text. */
const char *tls_server_add(struct tls_server *, struct mt_span certificates,
    struct mt_span key);
/* Server side of a connection over the socket; NULL: out of memory. */
struct ssl_st *tls_accept(struct tls_server *, int fd);

#endif
