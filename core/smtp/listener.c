/* SPDX-License-Identifier: BSD-2-Clause */
/* Accepts connections. */
#include "smtp/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"

struct listener {
	struct service *service;
	const struct setting_listener *setting;
	struct watch watch;
	struct timer pause;
};

static bool
is_passing(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR ||
	    error == ECONNABORTED;
}

/* Without descriptors the socket stays readable: looking at it again at once
 * would only burn the processor. */
static void
pause_accepting(struct listener *l, int error)
{
	log_warning("cannot accept on %s: %s; again in a second",
	    l->setting->address, strerror(error));
	loop_unwatch(l->service->loop, &l->watch);
	timer_set(l->service->loop, &l->pause, LISTENER_PAUSE_MS);
}

static void
on_pause_over(struct timer *t)
{
	struct listener *l = t->arg;

	loop_watch(l->service->loop, &l->watch, EPOLLIN);
}

static void
on_client(struct watch *w, uint32_t events)
{
	struct listener *l = w->arg;

	(void)events;
	for (int i = 0; i < LISTENER_ROUND_ACCEPTS; i++) {
		struct sockaddr_storage address = { 0 };
		socklen_t size = sizeof(address);
		int fd = accept4(w->fd, (struct sockaddr *)&address, &size,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (!is_passing(errno))
				pause_accepting(l, errno);
			return;
		}
		connection_new(l->service, fd, &address, l->setting);
	}
}

struct listener *
listener_new(struct service *sv, int fd, const struct setting_listener *setting)
{
	struct listener *l = xcalloc(1, sizeof(*l));

	*l = (struct listener){ .service = sv, .setting = setting,
		.watch = { .fd = fd, .fn = on_client, .arg = l },
		.pause = { .fn = on_pause_over, .arg = l } };
	if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
	    loop_watch(sv->loop, &l->watch, EPOLLIN) != 0)
		log_panic("cannot watch the listener %s: %s", setting->address,
		    strerror(errno));
	return l;
}

void
listener_free(struct listener *l)
{
	if (l == NULL)
		return;
	loop_unwatch(l->service->loop, &l->watch);
	timer_clear(l->service->loop, &l->pause);
	close(l->watch.fd);
	free(l);
}
