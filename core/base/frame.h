/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames between processes: one SOCK_SEQPACKET packet of an 8-byte header
 * and packed bytes (base/buf.h), with up to FRAME_FDS_MAX descriptors.
 *
 * frame_send() and frame_recv() block and suit a role that does one thing at
 * a time; a channel never blocks and suits an event loop.  A peer that sends
 * a frame its receiver cannot read is hostile: the channel is closed.
 */
#ifndef MAILTRI_BASE_FRAME_H
#define MAILTRI_BASE_FRAME_H

#include <sys/types.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "base/loop.h"

enum {
	FRAME_INLINE_MAX = 60 * 1024,	/* bytes of a message sent in the frame;
					 * larger ones go by memfd */
	FRAME_MAX = 180 * 1024,		/* header and packed bytes */
	FRAME_FDS_MAX = 4,
	FRAME_QUEUE_MAX = 64 << 20	/* bytes a slow peer may owe */
};

struct frame {
	uint32_t type, id;
	struct mt_span body;	/* borrowed until the next receive */
	int fds[FRAME_FDS_MAX];	/* owned by the receiver from here on */
	int fd_count;
};

/* 0, or an errno value; EPIPE when the peer is gone. */
int frame_send(int fd, uint32_t type, uint32_t id, struct mt_span body,
    const int *fds, int fd_count);
/* buf holds what frame->body borrows.  EPIPE: peer gone; EAGAIN with
 * MSG_DONTWAIT; EBADMSG: not a frame. */
int frame_recv(int fd, struct frame *, struct buf *, int flags);
void frame_close_fds(struct frame *);	/* those not taken (set to -1) */

/* A message's bytes in a frame: inline up to FRAME_INLINE_MAX, else a sealed
 * memfd.  bytes_pack() returns the memfd to be sent and closed, or -1 for
 * inline; -2: out of descriptors. */
int bytes_pack(struct buf *, struct mt_span);
/* The same for bytes that already lie in a sealed memfd, which the caller
 * sends along and keeps. */
void bytes_pack_fd(struct buf *, uint64_t len);

/* The receiving side: maps the memfd where there is one.  Needs the seals:
 * bytes that can still change under the reader are refused. */
struct bytes {
	struct mt_span span;
	void *map;		/* NULL: borrowed from the frame */
};
int bytes_unpack(struct unpack *, struct frame *, struct bytes *);	/* errno */
/* Keeps the memfd open for sending on: *fd, the caller's; -1: inline. */
int bytes_unpack_keep(struct unpack *, struct frame *, struct bytes *, int *fd);
void bytes_free(struct bytes *);
int bytes_memfd(struct mt_span);	/* sealed; -1 on error */
int bytes_map(int fd, struct bytes *);	/* closes fd; errno */

struct channel;
typedef void (*channel_frame_fn)(struct channel *, struct frame *, void *arg);
typedef void (*channel_gone_fn)(struct channel *, void *arg);

/* Takes fd.  on_gone runs once, from the loop, when the peer closed, sent a
 * bad frame or owes too much; the channel is still to be freed. */
struct channel *channel_new(struct loop *, int fd, channel_frame_fn,
    channel_gone_fn, void *arg);
void channel_free(struct channel *);
void channel_send(struct channel *, uint32_t type, uint32_t id,
    struct mt_span body, const int *fds, int fd_count);	/* dups fds if queued */
void channel_fail(struct channel *);	/* the peer lied: close, on_gone follows */

int socketpair_open(int fds[2]);	/* SEQPACKET, CLOEXEC; 0 or errno */

#endif
