/* SPDX-License-Identifier: BSD-2-Clause */
/* A client of the control socket that sends any frame, and a server that
 * says anything to a client of ours. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/control.h"
#include "ctl/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct loop *loop;
static struct control_server *server;
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static socklen_t address_len = sizeof(address);

static void
cmd_echo(struct control_reply *r, const json_t *request, void *arg)
{
	(void)arg;
	control_add(r, json_pack("{s:s, s:I}", "text", control_string(request, "text", ""),
	    "n", (json_int_t)control_int(request, "n", 0)));
	control_done(r);
}

static void
cmd_fail(struct control_reply *r, const json_t *request, void *arg)
{
	(void)arg;
	control_fail(r, "no: %s", control_string(request, "text", ""));
}

static const struct control_command commands[] = {
	{ "echo", cmd_echo }, { "fail", cmd_fail }, { NULL, NULL },
};

/* On an address the kernel chooses, in no file system. */
static void
server_open(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

	loop = loop_new();
	if (bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &address_len) < 0 ||
	    listen(fd, 8) < 0)
		abort();
	server = control_server_new(loop, fd, commands, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, JSON_ALLOW_NUL, NULL);
	char reply[4096];
	int fd;

	if (server == NULL)
		server_open();
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, address_len) < 0)
		abort();
	if (size > 0 && send(fd, data, size, MSG_NOSIGNAL) < 0 && errno != EMSGSIZE)
		abort();
	loop_once(loop, 0);
	loop_once(loop, 0);
	while (recv(fd, reply, sizeof(reply), MSG_DONTWAIT) > 0)
		;
	close(fd);
	loop_once(loop, 0);
	json_decref(report_new(json, NULL));
	json_decref(json);
	return 0;
}
