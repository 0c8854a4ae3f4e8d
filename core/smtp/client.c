/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections of each client: a chained hash keyed by a secret. */
#include "smtp/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/log.h"

enum { BUCKETS = 4096, KEY_BYTES = 8 };

struct client {
	struct client *next;
	uint64_t key;
	uint32_t count;
};

struct clients {
	uint32_t limit;
	uint64_t secret;	/* nobody outside can choose a bucket */
	struct client *buckets[BUCKETS];
};

static bool
is_mapped(const struct sockaddr_storage *a)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)a;

	return a->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr);
}

/* An IPv4 address stands behind four zero bytes: no IPv6 network that is
 * routed begins so, the two kinds cannot meet. */
static bool
client_key(const struct sockaddr_storage *a, uint64_t *key)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)a;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)a;

	*key = 0;
	if (a->ss_family == AF_INET)
		memcpy((unsigned char *)key + 4, &four->sin_addr, 4);
	else if (is_mapped(a))
		memcpy((unsigned char *)key + 4, &six->sin6_addr.s6_addr[12], 4);
	else if (a->ss_family == AF_INET6)
		memcpy(key, &six->sin6_addr, KEY_BYTES);
	else
		return false;
	return true;
}

static struct client **
client_place(struct clients *cs, uint64_t key)
{
	uint64_t h = (key ^ cs->secret) * UINT64_C(0x9e3779b97f4a7c15);
	struct client **p = &cs->buckets[(h >> 32) % BUCKETS];

	while (*p != NULL && (*p)->key != key)
		p = &(*p)->next;
	return p;
}

struct clients *
clients_new(uint32_t limit)
{
	struct clients *cs = xcalloc(1, sizeof(*cs));

	cs->limit = limit;
	if (getrandom(&cs->secret, sizeof(cs->secret), 0) != sizeof(cs->secret))
		log_panic("getrandom failed");
	return cs;
}

void
clients_free(struct clients *cs)
{
	if (cs == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (cs->buckets[i] != NULL) {
			struct client *c = cs->buckets[i];

			cs->buckets[i] = c->next;
			free(c);
		}
	free(cs);
}

bool
clients_add(struct clients *cs, const struct sockaddr_storage *a)
{
	struct client **p;
	uint64_t key;

	if (!client_key(a, &key))
		return true;
	p = client_place(cs, key);
	if (*p != NULL && (*p)->count >= cs->limit)
		return false;
	if (*p == NULL) {
		*p = xcalloc(1, sizeof(**p));
		(*p)->key = key;
	}
	(*p)->count++;
	return true;
}

void
clients_remove(struct clients *cs, const struct sockaddr_storage *a)
{
	struct client **p, *c;
	uint64_t key;

	if (!client_key(a, &key))
		return;
	p = client_place(cs, key);
	c = *p;
	if (c == NULL)
		log_panic("a client left that never came");
	if (--c->count > 0)
		return;
	*p = c->next;
	free(c);
}

void
client_format(const struct sockaddr_storage *a, char out[CLIENT_TEXT_MAX],
    uint16_t *port)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)a;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)a;

	snprintf(out, CLIENT_TEXT_MAX, "unix");
	*port = 0;
	if (a->ss_family == AF_INET) {
		inet_ntop(AF_INET, &four->sin_addr, out, CLIENT_TEXT_MAX);
		*port = ntohs(four->sin_port);
	} else if (a->ss_family == AF_INET6) {
		if (is_mapped(a))
			inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], out,
			    CLIENT_TEXT_MAX);
		else
			inet_ntop(AF_INET6, &six->sin6_addr, out, CLIENT_TEXT_MAX);
		*port = ntohs(six->sin6_port);
	}
}
