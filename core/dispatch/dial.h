/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom worker-net may talk to: only hosts that the configuration names in a
 * TARGET option, and only addresses of the class it allows for them.
 */
#ifndef MAILTRI_DISPATCH_DIAL_H
#define MAILTRI_DISPATCH_DIAL_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "conf/settings.h"
#include "conf/value.h"

enum dial_class {
	DIAL_PUBLIC,
	DIAL_PRIVATE,	/* loopback, link-local, RFC 1918, ULA ...: with
				 * the target's NAME_private alone */
	DIAL_NEVER		/* "this" network, multicast, reserved, IPv4 in
				 * IPv6 clothes */
};

union dial_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

enum { DIAL_ADDRESS_TEXT_MAX = 64 };

enum dial_class dial_address_classify(const union dial_address *);
void dial_address_from4(union dial_address *, const unsigned char b[4], uint16_t port);
void dial_address_from6(union dial_address *, const unsigned char b[16], uint16_t port);
/* "192.0.2.1", "2001:db8::1"; numbers only.  0 or EINVAL. */
int dial_address_parse(const char *, uint16_t port, union dial_address *);
const char *dial_address_format(char out[DIAL_ADDRESS_TEXT_MAX],
    const union dial_address *);	/* without the port */
socklen_t dial_address_size(const union dial_address *);

struct dial_target {
	const char *host;
	uint16_t port;		/* to dial: that of NAME_connect where set */
	const char *address;	/* numeric, of NAME_connect or the host itself;
				 * "": ask DNS */
	bool private;
	enum value_scheme scheme;
	const char *stage, *option, *route;	/* where it is written; route
				 * NULL: the file's own level */
};

struct dial_targets {
	struct arena *arena;
	struct dial_target *list;
	size_t count;
};

/* What a worker asks for (PROTO_DIAL). */
struct dial_request {
	struct mt_span host, address;
	uint16_t port;
	bool private;
};
int dial_request_unpack(struct mt_span body, struct dial_request *);	/* borrows; EBADMSG */

/* Of all TARGET options, all routes. */
void dial_targets_load(struct dial_targets *, struct arena *, const struct settings *);
/* NULL: no target is just that; `private' is the target's word, the
 * worker's wish can only take from it. */
const struct dial_target *dial_targets_find(const struct dial_targets *,
    const struct dial_request *);

#endif
