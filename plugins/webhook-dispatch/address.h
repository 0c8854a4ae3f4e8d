/* SPDX-License-Identifier: BSD-2-Clause */
/* Address lists of header fields (RFC 5322 3.4), read as tolerantly as mail
 * programs do: what is no address is passed over. */
#ifndef WEBHOOK_ADDRESS_H
#define WEBHOOK_ADDRESS_H

#include "mailtri/stage.h"

struct address {
	struct mt_span address;	/* "ann@example.com"; never empty */
	struct mt_span name;	/* encoded words decoded; may be no UTF-8 */
};

struct address_reader {
	struct mt_span value;
	size_t at;
	char *address, *phrase, *decoded;	/* of the callback's memory */
};

void address_open(struct address_reader *, const struct mt_host *, struct mt_msg *,
    struct mt_span value);
/* 1 and the next mailbox, groups dissolved; 0 at the end.  Its spans live
 * until the next call. */
int address_next(struct address_reader *, struct address *);

#endif
