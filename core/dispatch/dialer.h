/* SPDX-License-Identifier: BSD-2-Clause */
/* Dialling: host to addresses, each checked, tried in order until one takes
 * the connection or the time is over. */
#ifndef MAILTRI_DISPATCH_DIALER_H
#define MAILTRI_DISPATCH_DIALER_H

#include "dispatch/dial.h"
#include "pipeline/dns.h"

enum {
	DIAL_MS = 10000,	/* a dial in all */
	DIAL_ADDRESS_MS = 4000,	/* one address, while others are left */
	DIAL_ADDRESSES_MAX = 16,
	DIAL_TEXT_MAX = 512,
	DIALS_MAX = 1024	/* at once */
};

struct dialer {
	struct loop *loop;
	struct dns *dns;
	const struct dial_targets *targets;
	/* Once a dial.  error 0: fd is the caller's; else text says why. */
	void (*done)(struct dialer *, uint32_t id, int error, const char *text, int fd);
	void *arg;
	size_t count;		/* private */
};

void dialer_dial(struct dialer *, uint32_t id, const struct dial_request *);

#endif
