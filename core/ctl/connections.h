/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom this configuration can ever speak with: every peer some role connects
 * or sends to, and every place where somebody may connect to us.  Taken from
 * the lists the roles themselves obey, without asking anybody.
 */
#ifndef MAILTRI_CTL_CONNECTIONS_H
#define MAILTRI_CTL_CONNECTIONS_H

#include "conf/settings.h"

struct connection {
	bool in;		/* somebody connects to us */
	const char *role;	/* who opens the socket */
	const char *protocol;	/* "dns", "https", "smtp", "lmtp", "unix" */
	const char *host;	/* name, address or path */
	uint16_t port;		/* 0: a unix socket */
	const char *addresses;	/* "127.0.0.1"; or classes: "public", "public,
				 * private"; NULL: a unix socket */
	const char *why;	/* the option that leads there */
};

struct connections {
	struct arena *arena;
	struct connection *list;
	size_t count;
};

/* Without nameservers in the settings, those of this file are asked: the
 * resolver reads it at its start. */
#define CONNECTIONS_RESOLV_CONF "/etc/resolv.conf"

/* Peers first, then listeners.  0, or the errno value of resolv_conf, which
 * is only read where it is needed. */
int connections_list(struct connections *, struct arena *, const struct settings *,
    const char *resolv_conf);

#endif
