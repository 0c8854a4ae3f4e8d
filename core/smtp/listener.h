/* SPDX-License-Identifier: BSD-2-Clause */
/* Listening sockets: each connection they give goes to the service. */
#ifndef MAILTRI_SMTP_LISTENER_H
#define MAILTRI_SMTP_LISTENER_H

#include "smtp/connection.h"

enum {
	LISTENER_ROUND_ACCEPTS = 32,	/* then others have their turn */
	LISTENER_PAUSE_MS = 1000	/* when descriptors ran out */
};

struct listener;

struct listener *listener_new(struct service *, int fd,
    const struct setting_listener *);	/* takes fd */
void listener_free(struct listener *);

#endif
