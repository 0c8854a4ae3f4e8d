/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The talk between mailtrictl and the engine over the unix socket
 * run_dir/control (SOCK_SEQPACKET, frames of base/frame.h): one request, any
 * number of objects, one end.  All JSON; who may speak is decided by the
 * mode of the socket.
 *
 *	-> CONTROL_CALL		{"command":"queue.list", ...}
 *	<- CONTROL_OBJECT	{...}		0 or more, bytes_pack() form
 *	<- CONTROL_END		{} or {"error":"sentence"}
 */
#ifndef MAILTRI_CTL_CONTROL_H
#define MAILTRI_CTL_CONTROL_H

#include <jansson.h>

#include "base/frame.h"

enum { CONTROL_CALL = 200, CONTROL_OBJECT, CONTROL_END };

enum {
	CONTROL_CLIENTS_MAX = 32,	/* at once; beyond, one that waits for
					 * nothing is closed */
	CONTROL_REQUEST_MAX = 64 * 1024,	/* bytes of JSON */
	CONTROL_OBJECT_MAX = 16 << 20	/* what a client takes of one object */
};

/* Serving side, in the engine. */

struct control_server;
struct control_reply;

/* The request is borrowed until fn returns.  fn answers now or later: it
 * adds objects and ends the reply exactly once, by control_done() or
 * control_fail().  A client that left meanwhile is not an error: what is
 * added is dropped, the reply lives until it is ended. */
typedef void (*control_fn)(struct control_reply *, const json_t *request, void *arg);

struct control_command {
	const char *name;	/* "queue.list"; the table ends with NULL */
	control_fn fn;
};

/* Takes the listening socket; the table is borrowed. */
struct control_server *control_server_new(struct loop *, int listen_fd,
    const struct control_command *, void *arg);
/* Replies that are still open stay valid and go nowhere. */
void control_server_free(struct control_server *);

void control_add(struct control_reply *, json_t *object);	/* takes the reference */
void control_done(struct control_reply *);
void control_fail(struct control_reply *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
bool control_is_open(const struct control_reply *);	/* the client still listens */
uid_t control_uid(const struct control_reply *);	/* who asks, as the kernel says */

/* Members of a request; absent or of another type gives the default. */
const char *control_string(const json_t *request, const char *name, const char *def);
int64_t control_int(const json_t *request, const char *name, int64_t def);

/* Calling side, in mailtrictl.  Blocks. */

typedef void (*control_object_fn)(json_t *object, void *arg);	/* borrowed */

/* 0 when the end came without an error.  ECONNREFUSED, ENOENT, EACCES ...:
 * no daemon listens at path.  EREMOTEIO: the engine says no, `why' has its
 * sentence.  EPIPE: it went away in the middle.  EBADMSG: not our protocol. */
struct control_answer {
	control_object_fn fn;
	void *arg;
	char why[256];
};
int control_call(const char *path, const json_t *request, struct control_answer *);

#endif
