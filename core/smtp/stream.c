/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading and writing a client's socket, with or without TLS. */
#include "smtp/stream.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DRAIN_BYTES = 16 * 1024 };

void
stream_init(struct stream *s, int fd)
{
	*s = (struct stream){ .fd = fd };
}

void
stream_fini(struct stream *s)
{
	SSL_free(s->ssl);
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct stream){ .fd = -1 };
}

/* What OpenSSL's return value means; call it right after, the error queue
 * was empty before. */
static enum stream_status
tls_status(struct stream *s, int result)
{
	int error = SSL_get_error(s->ssl, result);

	s->wants_write = error == SSL_ERROR_WANT_WRITE;
	ERR_clear_error();
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return STREAM_AGAIN;
	return error == SSL_ERROR_NONE ? STREAM_OK : STREAM_GONE;
}

static enum stream_status
errno_status(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ?
	    STREAM_AGAIN : STREAM_GONE;
}

enum stream_status
stream_read(struct stream *s, void *out, size_t size, size_t *got)
{
	ssize_t n;

	*got = 0;
	if (s->ssl != NULL)
		return tls_status(s, SSL_read_ex(s->ssl, out, size, got));
	if (s->drained)
		return STREAM_AGAIN;
	n = recv(s->fd, out, size, 0);
	if (n < 0)
		return errno_status();
	*got = (size_t)n;
	s->received += (size_t)n;
	s->drained = n > 0 && (size_t)n < size;
	return n == 0 ? STREAM_GONE : STREAM_OK;
}

void
stream_readable(struct stream *s)
{
	s->drained = false;
}

static enum stream_status
write_some(struct stream *s, struct mt_span in, size_t *put)
{
	ssize_t n;

	*put = 0;
	if (s->ssl != NULL)
		return tls_status(s, SSL_write_ex(s->ssl, in.ptr, in.len, put));
	n = send(s->fd, in.ptr, in.len, MSG_NOSIGNAL);
	if (n < 0)
		return errno_status();
	*put = (size_t)n;
	return STREAM_OK;
}

enum stream_status
stream_write(struct stream *s, struct buf *b)
{
	size_t done = 0, put;
	enum stream_status status = STREAM_OK;

	while (done < b->len && status == STREAM_OK) {
		status = write_some(s, span_make(b->p + done, b->len - done), &put);
		done += put;
	}
	if (done == b->len)
		buf_free(b);	/* most connections are idle most of the time */
	else {
		memmove(b->p, b->p + done, b->len - done);
		b->len -= done;
	}
	return status;
}

bool
stream_pending(struct stream *s)
{
	char byte;

	if (s->ssl == NULL)
		return recv(s->fd, &byte, 1, MSG_PEEK) > 0;
	if (SSL_peek(s->ssl, &byte, 1) > 0)
		return true;
	ERR_clear_error();
	return false;
}

uint64_t
stream_arrived(struct stream *s)
{
	int waiting = 0;
	uint64_t tls = s->ssl == NULL ? 0 : BIO_number_read(SSL_get_rbio(s->ssl));

	if (ioctl(s->fd, FIONREAD, &waiting) != 0 || waiting < 0)
		waiting = 0;
	return s->received + tls + (uint64_t)waiting;
}

enum stream_status
stream_secure(struct stream *s, struct tls_server *server)
{
	if (s->ssl == NULL && (s->ssl = tls_accept(server, s->fd)) == NULL)
		return STREAM_GONE;
	return tls_status(s, SSL_accept(s->ssl));
}

void
stream_tls_name(const struct stream *s, char *out, size_t size)
{
	snprintf(out, size, "%s %s", SSL_get_version(s->ssl),
	    SSL_get_cipher_name(s->ssl));
}

void
stream_shutdown(struct stream *s)
{
	if (s->ssl != NULL && SSL_is_init_finished(s->ssl)) {
		SSL_shutdown(s->ssl);
		ERR_clear_error();
	}
	shutdown(s->fd, SHUT_WR);
}

enum stream_status
stream_drain(struct stream *s)
{
	char waste[DRAIN_BYTES];
	ssize_t n = recv(s->fd, waste, sizeof(waste), 0);

	if (n < 0)
		return errno_status();
	s->received += (size_t)n;
	return n == 0 ? STREAM_GONE : STREAM_OK;
}
