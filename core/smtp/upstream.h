/* SPDX-License-Identifier: BSD-2-Clause */
/* Which peers of a listener are upstreams, named to speak for others. */
#ifndef MAILTRI_SMTP_UPSTREAM_H
#define MAILTRI_SMTP_UPSTREAM_H

#include <stdint.h>
#include <sys/socket.h>

#include "conf/settings.h"

/* The enum forward_command it may give, or'ed; 0: it speaks for itself. */
uint8_t upstream_trust(const struct setting_listener *, const struct sockaddr_storage *);

#endif
