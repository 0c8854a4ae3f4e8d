/* SPDX-License-Identifier: BSD-2-Clause */
/* A socket that is connected already, as libcurl likes to have it. */
#include "dispatch/dialled.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((visibility("default"))) int
connect(int fd, const struct sockaddr *address, socklen_t len)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);

	if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0)
		return 0;
	return (int)syscall(SYS_connect, fd, address, len);
}

static curl_socket_t
socket_give(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	int *given = arg, fd = *given;

	(void)purpose;
	(void)address;
	*given = -1;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

int
dialled_use(CURL *curl, int *fd)
{
	return curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, socket_give) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, fd) != CURLE_OK;
}
