/* SPDX-License-Identifier: BSD-2-Clause */
/* A peer's address against the lists of its listener. */
#include "smtp/upstream.h"

#include "conf/network.h"
#include "smtp/forward.h"

static bool
is_named(const char *const *list, size_t count, const struct sockaddr_storage *peer)
{
	for (size_t i = 0; i < count; i++) {
		struct network n;

		if (peer->ss_family == AF_UNIX ? strcmp(list[i], "unix") == 0 :
		    network_parse(list[i], &n) == 0 && network_holds(&n, peer))
			return true;
	}
	return false;
}

uint8_t
upstream_trust(const struct setting_listener *l, const struct sockaddr_storage *peer)
{
	uint8_t trust = 0;

	if (is_named(l->xclient, l->xclient_count, peer))
		trust |= FORWARD_XCLIENT;
	if (is_named(l->xforward, l->xforward_count, peer))
		trust |= FORWARD_XFORWARD;
	return trust;
}
