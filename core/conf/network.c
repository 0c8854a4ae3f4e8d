/* SPDX-License-Identifier: BSD-2-Clause */
/* Networks: parsed, and compared bit by bit. */
#include "conf/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

enum { MAPPED_BITS = 96 };	/* before an IPv4 address */

static const unsigned char mapped[16] = { [10] = 0xff, [11] = 0xff };

static bool
bit(const unsigned char *bytes, unsigned i)
{
	return (bytes[i / 8] >> (7 - i % 8) & 1) != 0;
}

static bool
holds(const struct network *n, const unsigned char address[16])
{
	for (unsigned i = 0; i < n->bits; i++)
		if (bit(n->bytes, i) != bit(address, i))
			return false;
	return true;
}

static int
parse_bits(const char *text, unsigned max, unsigned *bits)
{
	size_t digits = strspn(text, "0123456789");

	*bits = 0;
	if (digits == 0 || digits > 3 || text[digits] != '\0' ||
	    (text[0] == '0' && digits > 1))
		return EINVAL;
	for (size_t i = 0; i < digits; i++)
		*bits = *bits * 10 + (unsigned)(text[i] - '0');
	return *bits <= max ? 0 : EINVAL;
}

static int
parse_address(const char *host, struct network *n, unsigned *max)
{
	memcpy(n->bytes, mapped, sizeof(mapped));
	*max = 32;
	if (inet_pton(AF_INET, host, n->bytes + 12) == 1)
		return 0;
	*max = 128;
	return inet_pton(AF_INET6, host, n->bytes) == 1 ? 0 : EINVAL;
}

int
network_parse(const char *text, struct network *n)
{
	char host[INET6_ADDRSTRLEN];
	size_t len = strcspn(text, "/");
	unsigned max;

	if (len >= sizeof(host))
		return EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (parse_address(host, n, &max) != 0)
		return EINVAL;
	n->bits = max;
	if (text[len] == '/' && parse_bits(text + len + 1, max, &n->bits) != 0)
		return EINVAL;
	n->bits += 128 - max;
	for (unsigned i = n->bits; i < 128; i++)
		if (bit(n->bytes, i))
			return EINVAL;
	return n->bits <= MAPPED_BITS && (n->bits == 0 || holds(n, mapped)) ? ERANGE : 0;
}

bool
network_holds(const struct network *n, const struct sockaddr_storage *a)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)a;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)a;
	unsigned char address[16];

	memcpy(address, mapped, sizeof(mapped));
	if (a->ss_family == AF_INET)
		memcpy(address + 12, &four->sin_addr, 4);
	else if (a->ss_family == AF_INET6)
		memcpy(address, &six->sin6_addr, 16);
	else
		return false;
	return holds(n, address);
}
