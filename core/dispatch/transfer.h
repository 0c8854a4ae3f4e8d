/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What HTTP and SMTP have in common: one conversation by libcurl over a
 * socket somebody else connected, many at a time, on the process's event
 * loop.  Always: TLS 1.2 or better, the chain and the name verified, the
 * public key pinned, no proxy, no connection used twice.  The process ignores
 * SIGPIPE from then on.
 */
#ifndef MAILTRI_DISPATCH_TRANSFER_H
#define MAILTRI_DISPATCH_TRANSFER_H

#include <curl/curl.h>

#include "base/buf.h"
#include "base/loop.h"

enum {
	TRANSFER_TIMEOUT_MAX_MS = 600000,
	TRANSFER_ERROR_QUOTE_MAX = 400
};

struct transfer_client;

struct transfer_peer {
	const char *host;	/* name or numeric address; also the name in
				 * the certificate */
	uint16_t port;
	const char *const *pins;	/* base/pin.h */
	const char *ca_file;	/* NULL: the system's authorities; trust.h */
	uint32_t timeout_ms;	/* not 0 */
};

/* The first member of what its owner allocated. */
struct transfer {
	struct transfer *next, **back;
	struct transfer_client *client;
	CURL *curl;
	struct buf url, resolve, pins;
	struct curl_slist *addresses;
	char *host;
	int fd;			/* -1: libcurl owns it */
	int socket;		/* its number, while libcurl calls back */
	char error[CURL_ERROR_SIZE];
	void (*ended)(struct transfer *, CURLcode);	/* tells, then frees */
	void (*free)(struct transfer *);	/* calls transfer_fini() */
};

struct transfer_number { CURLoption option; long value; };
struct transfer_pointer { CURLoption option; const void *value; };

struct transfer_client *transfer_client_new(struct loop *);
void transfer_client_free(struct transfer_client *);	/* cancels what is under way */

/* ended, free and fd are set; fd is owned from then on.  False: a host, pin
 * or option that cannot be; transfer_fini() cleans up. */
bool transfer_init(struct transfer *, struct transfer_client *, const struct transfer_peer *);
/* "https", "/path". */
bool transfer_set_url(struct transfer *, const char *scheme, uint16_t port, const char *path);
bool transfer_set(struct transfer *, const struct transfer_number *, size_t,
    const struct transfer_pointer *, size_t);
bool transfer_start(struct transfer *);
void transfer_fini(struct transfer *);
void transfer_cancel(struct transfer *);	/* nobody is told */

/* An errno value; EIO where nothing fits. */
int transfer_errno(CURLcode);
/* What libcurl says of a failure, fit for a log. */
const char *transfer_words(const struct transfer *, CURLcode, char *, size_t);

#endif
