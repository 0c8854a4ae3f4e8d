/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames and channels over SOCK_SEQPACKET. */
#include "base/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"

enum { HEADER_BYTES = 8, ROUND_FRAMES = 16 };

enum { SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

static void
header_pack(unsigned char h[HEADER_BYTES], uint32_t type, uint32_t id)
{
	for (int i = 0; i < 4; i++) {
		h[i] = (unsigned char)(type >> (8 * i));
		h[4 + i] = (unsigned char)(id >> (8 * i));
	}
}

static int
send_packet(int fd, struct iovec *iov, size_t iov_count, const int *fds,
    int fd_count, int flags)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * FRAME_FDS_MAX)];
	} control;
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = iov_count };

	if (fd_count > 0) {
		size_t size = sizeof(int) * (size_t)fd_count;
		struct cmsghdr *c;

		memset(&control, 0, sizeof(control));
		m.msg_control = control.bytes;
		m.msg_controllen = CMSG_SPACE(size);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(c), fds, size);
	}
	while (sendmsg(fd, &m, MSG_NOSIGNAL | flags) < 0)
		if (errno != EINTR)
			return errno == ECONNRESET ? EPIPE : errno;
	return 0;
}

int
frame_send(int fd, uint32_t type, uint32_t id, struct mt_span body,
    const int *fds, int fd_count)
{
	unsigned char header[HEADER_BYTES];
	struct iovec iov[2] = { { header, HEADER_BYTES },
		{ (void *)(uintptr_t)body.ptr, body.len } };

	if (body.len > FRAME_MAX - HEADER_BYTES)
		return EMSGSIZE;
	header_pack(header, type, id);
	return send_packet(fd, iov, body.len == 0 ? 1 : 2, fds, fd_count, 0);
}

static void
fds_take(struct msghdr *m, struct frame *f)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL;
	    c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		f->fd_count = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(f->fds, CMSG_DATA(c), sizeof(int) * (size_t)f->fd_count);
	}
}

int
frame_recv(int fd, struct frame *f, struct buf *b, int flags)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * FRAME_FDS_MAX)];
	} control;
	struct iovec iov;
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.bytes, .msg_controllen = sizeof(control) };
	struct unpack u;
	ssize_t n;

	*f = (struct frame){ 0 };
	buf_reset(b);
	buf_reserve(b, FRAME_MAX);
	iov = (struct iovec){ b->p, FRAME_MAX };
	/* ECONNRESET is told once, and before what the peer sent until then. */
	while ((n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | flags)) < 0)
		if (errno != EINTR && errno != ECONNRESET)
			return errno;
	fds_take(&m, f);
	if (n == 0)
		return EPIPE;
	b->len = (size_t)n;
	u = unpack_of(buf_span(b));
	f->type = unpack_u32(&u);
	f->id = unpack_u32(&u);
	if (u.bad || (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		frame_close_fds(f);
		return EBADMSG;
	}
	f->body = unpack_rest(&u);
	return 0;
}

void
frame_close_fds(struct frame *f)
{
	for (int i = 0; i < f->fd_count; i++)
		if (f->fds[i] >= 0)
			close(f->fds[i]);
	f->fd_count = 0;
}

int
bytes_memfd(struct mt_span s)
{
	int fd = memfd_create("mailtri", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	for (size_t done = 0; done < s.len;) {
		ssize_t n = write(fd, s.ptr + done, s.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			goto fail;
		done += (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) == 0)
		return fd;
fail:
	close(fd);
	return -1;
}

int
bytes_pack(struct buf *b, struct mt_span s)
{
	int fd = -1;

	if (s.len <= FRAME_INLINE_MAX) {
		pack_u8(b, 0);
		pack_span(b, s);
		return -1;
	}
	fd = bytes_memfd(s);
	if (fd < 0)
		return -2;
	bytes_pack_fd(b, s.len);
	return fd;
}

void
bytes_pack_fd(struct buf *b, uint64_t len)
{
	pack_u8(b, 1);
	pack_u64(b, len);
}

int
bytes_map(int fd, struct bytes *out)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS), error = 0;
	void *map = NULL;

	*out = (struct bytes){ .span = { "", 0 } };
	if (seals < 0 || (seals & SEALS) != SEALS)
		error = EBADMSG;
	else if (fstat(fd, &st) < 0)
		error = errno;
	else if (st.st_size > 0) {
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED)
			error = errno;
		else
			*out = (struct bytes){ .map = map,
				.span = { map, (size_t)st.st_size } };
	}
	close(fd);
	return error;
}

static int
fd_take(struct frame *f)
{
	for (int i = 0; i < f->fd_count; i++)
		if (f->fds[i] >= 0) {
			int fd = f->fds[i];

			f->fds[i] = -1;
			return fd;
		}
	return -1;
}

int
bytes_unpack_keep(struct unpack *u, struct frame *f, struct bytes *out, int *fd)
{
	uint64_t len;
	int error;

	*fd = -1;
	*out = (struct bytes){ .span = { "", 0 } };
	if (unpack_u8(u) == 0) {
		out->span = unpack_span(u);
		if (!u->bad && out->span.len <= FRAME_INLINE_MAX)
			return 0;
		out->span = span_make("", 0);
		return EBADMSG;
	}
	len = unpack_u64(u);
	*fd = fd_take(f);
	if (u->bad || *fd < 0)
		goto bad;
	error = bytes_map(fcntl(*fd, F_DUPFD_CLOEXEC, 3), out);
	if (error == 0 && out->span.len == len)
		return 0;
	bytes_free(out);
bad:
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return EBADMSG;
}

int
bytes_unpack(struct unpack *u, struct frame *f, struct bytes *out)
{
	int fd, error = bytes_unpack_keep(u, f, out, &fd);

	if (fd >= 0)
		close(fd);
	return error;
}

void
bytes_free(struct bytes *b)
{
	if (b->map != NULL)
		munmap(b->map, b->span.len);
	*b = (struct bytes){ .span = { "", 0 } };
}

/* A packet that waits for its peer to read. */
struct pending {
	struct pending *next;
	int fds[FRAME_FDS_MAX];
	int fd_count;
	size_t len;
	unsigned char bytes[];
};

struct channel {
	struct loop *loop;
	struct watch watch;
	channel_frame_fn on_frame;
	channel_gone_fn on_gone;
	void *arg;
	struct buf in;
	struct pending *head, **tail;
	size_t owed;
	bool failed, deaf, freed, busy;	/* deaf: it reads no more */
};

static void
pending_free(struct pending *p)
{
	for (int i = 0; i < p->fd_count; i++)
		close(p->fds[i]);
	free(p);
}

static int
pending_send(int fd, struct pending *p)
{
	struct iovec iov = { p->bytes, p->len };

	return send_packet(fd, &iov, 1, p->fds, p->fd_count, MSG_DONTWAIT);
}

static void
channel_destroy(struct channel *c)
{
	while (c->head != NULL) {
		struct pending *p = c->head;

		c->head = p->next;
		pending_free(p);
	}
	buf_free(&c->in);
	free(c);
}

/* The peer reads no more.  What it sent before is still to be read, or an
 * answer it gave would be taken for one it owes; then comes the end. */
static void
channel_deaf(struct channel *c)
{
	c->deaf = true;
	loop_watch(c->loop, &c->watch, EPOLLIN);
	shutdown(c->watch.fd, SHUT_RDWR);
}

static void
channel_flush(struct channel *c)
{
	while (c->head != NULL) {
		struct pending *p = c->head;
		int error = pending_send(c->watch.fd, p);

		if (error == EAGAIN || error == ENOBUFS)
			return;
		if (error != 0) {
			channel_deaf(c);
			return;
		}
		c->owed -= p->len;
		c->head = p->next;
		if (c->head == NULL)
			c->tail = &c->head;
		pending_free(p);
	}
	loop_watch(c->loop, &c->watch, EPOLLIN);
}

static void
channel_read(struct channel *c)
{
	for (int i = 0; i < ROUND_FRAMES && !c->failed && !c->freed; i++) {
		struct frame f;
		int error = frame_recv(c->watch.fd, &f, &c->in, MSG_DONTWAIT);

		if (error == EAGAIN)
			return;
		if (error != 0) {
			c->failed = true;
			return;
		}
		c->on_frame(c, &f, c->arg);
		frame_close_fds(&f);
	}
}

static void
channel_event(struct watch *w, uint32_t events)
{
	struct channel *c = w->arg;

	c->busy = true;
	if ((events & EPOLLOUT) != 0 && !c->failed && !c->deaf)
		channel_flush(c);
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !c->failed)
		channel_read(c);
	if (c->failed && !c->freed) {
		loop_unwatch(c->loop, &c->watch);
		c->on_gone(c, c->arg);
	}
	c->busy = false;
	if (c->freed)
		channel_destroy(c);
}

struct channel *
channel_new(struct loop *l, int fd, channel_frame_fn on_frame,
    channel_gone_fn on_gone, void *arg)
{
	struct channel *c = xcalloc(1, sizeof(*c));

	*c = (struct channel){ .loop = l, .on_frame = on_frame,
		.on_gone = on_gone, .arg = arg,
		.watch = { .fd = fd, .fn = channel_event, .arg = c } };
	c->tail = &c->head;
	if (loop_watch(l, &c->watch, EPOLLIN) != 0)
		log_panic("cannot watch a channel: %s", strerror(errno));
	return c;
}

void
channel_free(struct channel *c)
{
	if (c == NULL || c->freed)
		return;
	c->freed = true;
	loop_unwatch(c->loop, &c->watch);
	close(c->watch.fd);
	if (!c->busy)
		channel_destroy(c);
}

void
channel_fail(struct channel *c)
{
	c->failed = true;
	shutdown(c->watch.fd, SHUT_RDWR);	/* wakes the loop: on_gone follows */
}

static void
channel_queue(struct channel *c, const unsigned char *header,
    struct mt_span body, const int *fds, int fd_count)
{
	struct pending *p = xmalloc(sizeof(*p) + HEADER_BYTES + body.len);

	*p = (struct pending){ .len = HEADER_BYTES + body.len };
	memcpy(p->bytes, header, HEADER_BYTES);
	if (body.len > 0)
		memcpy(p->bytes + HEADER_BYTES, body.ptr, body.len);
	for (int i = 0; i < fd_count; i++) {
		int fd = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);

		if (fd < 0) {
			pending_free(p);
			channel_fail(c);
			return;
		}
		p->fds[p->fd_count++] = fd;
	}
	*c->tail = p;
	c->tail = &p->next;
	c->owed += p->len;
	if (c->owed > FRAME_QUEUE_MAX)
		channel_fail(c);
	else
		loop_watch(c->loop, &c->watch, EPOLLIN | EPOLLOUT);
}

void
channel_send(struct channel *c, uint32_t type, uint32_t id,
    struct mt_span body, const int *fds, int fd_count)
{
	unsigned char header[HEADER_BYTES];
	struct iovec iov[2] = { { header, HEADER_BYTES },
		{ (void *)(uintptr_t)body.ptr, body.len } };
	int error = EAGAIN;

	if (c->failed || c->deaf)
		return;
	if (body.len > FRAME_MAX - HEADER_BYTES)
		log_panic("frame %u of %zu bytes", type, body.len);
	header_pack(header, type, id);
	if (c->head == NULL)
		error = send_packet(c->watch.fd, iov, body.len == 0 ? 1 : 2, fds,
		    fd_count, MSG_DONTWAIT);
	if (error == EAGAIN || error == ENOBUFS)
		channel_queue(c, header, body, fds, fd_count);
	else if (error != 0)
		channel_deaf(c);
}

int
socketpair_open(int fds[2])
{
	int size = 1 << 20;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return errno;
	for (int i = 0; i < 2; i++)	/* the unprivileged get what they may */
		if (setsockopt(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size,
		    sizeof(size)) < 0)
			setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return 0;
}
