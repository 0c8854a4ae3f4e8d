/* SPDX-License-Identifier: BSD-2-Clause */
/* Domain names: as asked, as a key, as libunbound takes and gives them. */
#ifndef MAILTRI_PIPELINE_DNS_NAME_H
#define MAILTRI_PIPELINE_DNS_NAME_H

#include "base/buf.h"

enum { DNS_NAME_MAX = 253, DNS_LABEL_MAX = 63, DNS_WIRE_MAX = 255 };

/* Lower case, without a final dot: one name, one form. */
struct dns_name {
	uint8_t len;
	char text[DNS_NAME_MAX + 1];
};

/* 0; or EINVAL: empty, too long, or with a label that is.  Such a name
 * cannot exist. */
int dns_name_parse(struct mt_span, struct dns_name *);

/* In the text form of RFC 1035 5.1: all but letters, digits, '-', '_' and the
 * dots between labels as \DDD. */
enum { DNS_TEXT_MAX = 4 * DNS_NAME_MAX + 1 };
void dns_name_escape(const struct dns_name *, char out[DNS_TEXT_MAX]);

/*
 * An uncompressed name on the wire, as text in lower case without final dot;
 * the root is empty.  0 and *used; EBADMSG: no name; EILSEQ: a label holds
 * what would read as something else in text (a dot, white space, bytes
 * outside ASCII).
 */
int dns_name_unpack(struct mt_span wire, struct buf *out, size_t *used);

#endif
