/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTPS requests over sockets somebody else connected, many at a time, on
 * the process's event loop.  Always: TLS 1.2 or better, the chain and the
 * name verified, the public key pinned, no redirect, no proxy, no cookie, no
 * connection used twice, HTTP/1.1.  The process ignores SIGPIPE from then on.
 */
#ifndef MAILTRI_DISPATCH_HTTP_H
#define MAILTRI_DISPATCH_HTTP_H

#include "base/buf.h"
#include "base/loop.h"

enum {
	HTTP_FIELDS_MAX = 32,
	HTTP_FIELD_BYTES_MAX = 8192,	/* name and value */
	HTTP_REPLY_FIELDS_MAX = 64 * 1024,
	HTTP_REPLY_BODY_MAX = 1024 * 1024,
	HTTP_TIMEOUT_MS = 30000,	/* where an order says 0 */
	HTTP_TIMEOUT_MAX_MS = 600000
};

struct http_field { struct mt_span name, value; };

struct http_order {
	const char *host;	/* name or numeric address; also the name in
				 * the certificate and the Host field */
	uint16_t port;
	const char *method, *path;	/* "POST", "/graphql" */
	const struct http_field *fields;
	size_t field_count;
	struct mt_span body;
	const char *const *pins;	/* dispatch/pin.h */
	const char *ca_file;	/* NULL: the system's authorities; trust.h */
	uint32_t timeout_ms;
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

struct http_client;
struct http;
typedef void (*http_done_fn)(void *arg, const struct http_result *);

struct http_client *http_client_new(struct loop *);
void http_client_free(struct http_client *);	/* cancels what is under way */

/*
 * fd: connected, taken whatever happens.  done runs once, from the loop, and
 * never before http_start() returned; *out is valid until then.  EINVAL: a
 * control byte, a field the host writes itself, a bad pin, method or path.
 */
int http_start(struct http_client *, const struct http_order *, int fd,
    http_done_fn, void *arg, struct http **out);
void http_cancel(struct http *);	/* done will not run */

#endif
