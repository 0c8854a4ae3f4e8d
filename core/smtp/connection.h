/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections: a stream and its session brought together, with deadlines
 * and the limits on their number in all and for one client.
 */
#ifndef MAILTRI_SMTP_CONNECTION_H
#define MAILTRI_SMTP_CONNECTION_H

#include "base/loop.h"
#include "smtp/client.h"
#include "smtp/session.h"
#include "smtp/stream.h"

enum {
	CONNECTION_READ_BYTES = 64 * 1024,	/* in one go */
	CONNECTION_ROUND_STEPS = 64,	/* then others have their turn */
	CONNECTION_LINGER_MS = 2000	/* for the last words to arrive */
};

struct connection;

/* What all connections of a process share. */
struct service {
	struct session_site site;	/* calls and arg: set by the owner */
	struct loop *loop;
	void (*empty)(void *arg);	/* NULL: the last connection is gone; site.arg */
	struct tls_server *tls;	/* NULL: no certificate; the owner's */
	struct clients *clients;
	struct connection *head;
	size_t count;
	unsigned char *buffer;	/* CONNECTION_READ_BYTES, used within a call */
};

void service_init(struct service *, struct loop *, const struct settings *,
    struct tls_server *);
void service_fini(struct service *);	/* its connections too, without a word */
/* Ends every session with these words, those being judged with a 451 before
 * them; what cannot be written at once is lost. */
void service_close(struct service *, enum reply_id);
/* Ends the sessions that are between two mails; how many connections are
 * left. */
size_t service_drain(struct service *, enum reply_id);

/* Takes fd.  Where a limit is reached the client is told so and fd closed. */
void connection_new(struct service *, int fd, const struct sockaddr_storage *,
    const struct setting_listener *);
/* Its session was answered: goes on, and may be gone afterwards. */
void connection_resume(struct connection *);

#endif
