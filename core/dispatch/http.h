/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTPS requests: dispatch/transfer.h, and always: no redirect, no cookie,
 * HTTP/1.1.
 */
#ifndef MAILTRI_DISPATCH_HTTP_H
#define MAILTRI_DISPATCH_HTTP_H

#include "dispatch/transfer.h"

enum {
	HTTP_FIELDS_MAX = 32,
	HTTP_FIELD_BYTES_MAX = 8192,	/* name and value */
	HTTP_REPLY_FIELDS_MAX = 64 * 1024,
	HTTP_REPLY_BODY_MAX = 1024 * 1024,
	HTTP_TIMEOUT_MS = 30000	/* where an order says 0 */
};

struct http_field { struct mt_span name, value; };

struct http_order {
	struct transfer_peer peer;
	const char *method, *path;	/* "POST", "/graphql" */
	const struct http_field *fields;
	size_t field_count;
	struct mt_span body;
};

struct http_result {
	int status;		/* 0: no whole reply came */
	int error;		/* where status is 0: an errno value.  EKEYREJECTED
				 * certificate or pin, EPROTO TLS or HTTP broken,
				 * ETIMEDOUT, ECONNRESET, EMSGSIZE reply beyond
				 * its limit */
	uint32_t sent;		/* bytes of request handed to TLS; 0: the server
				 * saw nothing of it */
	uint32_t retry_after_s;
	struct mt_span fields, body;	/* until the callback returns */
};

typedef void (*http_done_fn)(void *arg, const struct http_result *);

/*
 * fd: connected, taken whatever happens.  done runs once, from the loop, and
 * never before http_start() returned; *out is valid until then.  EINVAL: a
 * control byte, a field the host writes itself, a bad pin, method or path.
 */
int http_start(struct transfer_client *, const struct http_order *, int fd,
    http_done_fn, void *arg, struct transfer **out);

#endif
