/* SPDX-License-Identifier: BSD-2-Clause */
/* The control socket, its calling side. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/control.h"

static int
call_connect(const char *path, int *out)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd, error;

	if (strlen(path) >= sizeof(a.sun_path))
		return ENAMETOOLONG;
	memcpy(a.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		error = errno;
		close(fd);
		return error;
	}
	*out = fd;
	return 0;
}

static int
call_send(int fd, const json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);
	int error = text == NULL ? EINVAL : 0;

	if (error == 0 && strlen(text) > CONTROL_REQUEST_MAX)
		error = EMSGSIZE;
	if (error == 0)
		error = frame_send(fd, CONTROL_CALL, 1, span_of(text), NULL, 0);
	free(text);
	return error;
}

/* NULL: not an object of our protocol. */
static json_t *
call_object(struct frame *f)
{
	struct unpack u = unpack_of(f->body);
	struct bytes bytes;
	json_t *object = NULL;

	if (bytes_unpack(&u, f, &bytes) != 0)
		return NULL;
	if (bytes.span.len <= CONTROL_OBJECT_MAX)
		object = json_loadb(bytes.span.ptr, bytes.span.len, JSON_ALLOW_NUL, NULL);
	bytes_free(&bytes);
	if (json_is_object(object))
		return object;
	json_decref(object);
	return NULL;
}

static int
call_end(const json_t *end, struct control_answer *a)
{
	const char *why = control_string(end, "error", NULL);

	if (why == NULL)
		return 0;
	snprintf(a->why, sizeof(a->why), "%s", why);
	return EREMOTEIO;
}

/* One frame of the answer; *end is set when it was the last. */
static int
call_frame(struct frame *f, struct control_answer *a, bool *end)
{
	json_t *object = call_object(f);
	int error = object == NULL ? EBADMSG : 0;

	frame_close_fds(f);
	*end = f->type == CONTROL_END;
	if (error == 0 && *end)
		error = call_end(object, a);
	else if (error == 0 && f->type != CONTROL_OBJECT)
		error = EBADMSG;
	else if (error == 0 && a->fn != NULL)
		a->fn(object, a->arg);
	json_decref(object);
	return error;
}

int
control_call(const char *path, const json_t *request, struct control_answer *a)
{
	struct buf in = { 0 };
	struct frame f;
	bool end = false;
	int fd = -1, error;

	a->why[0] = '\0';
	error = call_connect(path, &fd);
	if (error != 0)
		return error;
	error = call_send(fd, request);
	while (error == 0 && !end) {
		error = frame_recv(fd, &f, &in, 0);
		if (error == 0)
			error = call_frame(&f, a, &end);
	}
	close(fd);
	buf_free(&in);
	return error;
}
