/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's socket with or without TLS on it.  Nothing here blocks. */
#ifndef MAILTRI_SMTP_STREAM_H
#define MAILTRI_SMTP_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "smtp/tls.h"

enum stream_status {
	STREAM_OK,
	STREAM_AGAIN,		/* nothing more to be had now */
	STREAM_GONE		/* closed by the peer, or broken */
};

struct stream {
	int fd;
	struct ssl_st *ssl;	/* NULL: plain */
	bool wants_write;	/* TLS must write before it can go on */
	bool drained;		/* plain: the last read took all there was */
	uint64_t received;	/* bytes read without TLS */
};

void stream_init(struct stream *, int fd);	/* takes fd */
void stream_fini(struct stream *);	/* closes it */
enum stream_status stream_read(struct stream *, void *, size_t, size_t *got);
void stream_readable(struct stream *);	/* poll() says so: without it nothing is read again
					 * from a plain socket that was drained */
enum stream_status stream_write(struct stream *, struct buf *);	/* takes off
						 * what was written */
bool stream_pending(struct stream *);	/* a read would give a byte */
/* Bytes that have arrived from the peer, read or not: grows if and only if
 * the peer was heard again. */
uint64_t stream_arrived(struct stream *);
enum stream_status stream_secure(struct stream *, struct tls_server *);	/* call
				 * again after AGAIN; OK: the handshake is done */
void stream_tls_name(const struct stream *, char *out, size_t size);
void stream_shutdown(struct stream *);	/* says the end to the peer */
/* After it: reads away what still comes, so that the last words are not lost
 * to a reset. */
enum stream_status stream_drain(struct stream *);

#endif
