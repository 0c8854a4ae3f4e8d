/* SPDX-License-Identifier: BSD-2-Clause */
/* Event loop: epoll and a binary heap of timers. */
#include "base/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"

enum { EVENTS_MAX = 64 };

struct loop {
	int epoll;
	bool stop;
	int64_t now_ms;
	struct timer **heap;	/* heap[1] fires first; slot = index */
	size_t timers, cap;
	struct epoll_event ready[EVENTS_MAX];
	int ready_count;
};

int64_t
clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

struct loop *
loop_new(void)
{
	struct loop *l = xcalloc(1, sizeof(*l));

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0)
		log_panic("epoll_create1: %s", strerror(errno));
	l->now_ms = clock_ms();
	return l;
}

void
loop_free(struct loop *l)
{
	close(l->epoll);
	free(l->heap);
	free(l);
}

int
loop_watch(struct loop *l, struct watch *w, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = w };

	w->events = events;
	if (w->watched && epoll_ctl(l->epoll, EPOLL_CTL_MOD, w->fd, &e) == 0)
		return 0;
	if (w->watched && errno != ENOENT)
		return errno;
	w->watched = epoll_ctl(l->epoll, EPOLL_CTL_ADD, w->fd, &e) == 0;
	return w->watched ? 0 : errno;
}

void
loop_unwatch(struct loop *l, struct watch *w)
{
	if (w->fd >= 0)
		epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	w->watched = false;
	for (int i = 0; i < l->ready_count; i++)	/* not even this round */
		if (l->ready[i].data.ptr == w)
			l->ready[i].data.ptr = NULL;
}

static void
heap_put(struct loop *l, size_t i, struct timer *t)
{
	l->heap[i] = t;
	t->slot = i;
}

static void
heap_up(struct loop *l, size_t i)
{
	struct timer *t = l->heap[i];

	for (; i > 1 && l->heap[i / 2]->at_ms > t->at_ms; i /= 2)
		heap_put(l, i, l->heap[i / 2]);
	heap_put(l, i, t);
}

static void
heap_down(struct loop *l, size_t i)
{
	struct timer *t = l->heap[i];
	size_t child;

	for (; (child = i * 2) <= l->timers; i = child) {
		if (child < l->timers &&
		    l->heap[child + 1]->at_ms < l->heap[child]->at_ms)
			child++;
		if (t->at_ms <= l->heap[child]->at_ms)
			break;
		heap_put(l, i, l->heap[child]);
	}
	heap_put(l, i, t);
}

void
timer_clear(struct loop *l, struct timer *t)
{
	size_t i = t->slot;
	struct timer *last;

	if (i == 0)
		return;
	t->slot = 0;
	last = l->heap[l->timers--];
	if (last == t)
		return;
	heap_put(l, i, last);
	heap_up(l, i);
	heap_down(l, last->slot);
}

void
timer_set(struct loop *l, struct timer *t, int64_t delay_ms)
{
	timer_clear(l, t);
	t->at_ms = clock_ms() + (delay_ms < 0 ? 0 : delay_ms);
	if (l->timers + 2 > l->cap) {
		l->cap = l->cap == 0 ? 64 : l->cap * 2;
		l->heap = xrealloc(l->heap, l->cap * sizeof(*l->heap));
	}
	heap_put(l, ++l->timers, t);
	heap_up(l, l->timers);
}

int64_t
loop_ms(struct loop *l)
{
	return l->now_ms;
}

static int
wait_ms(const struct loop *l, int timeout_ms)
{
	int64_t left;

	if (l->timers == 0)
		return timeout_ms;
	left = l->heap[1]->at_ms - clock_ms();
	if (left < 0)
		left = 0;
	if (timeout_ms >= 0 && timeout_ms < left)
		return timeout_ms;
	return left > 60000 ? 60000 : (int)left;
}

static void
timers_fire(struct loop *l)
{
	while (l->timers > 0 && l->heap[1]->at_ms <= l->now_ms) {
		struct timer *t = l->heap[1];

		timer_clear(l, t);
		t->fn(t);
	}
}

void
loop_once(struct loop *l, int timeout_ms)
{
	int n = epoll_wait(l->epoll, l->ready, EVENTS_MAX, wait_ms(l, timeout_ms));

	if (n < 0 && errno != EINTR)
		log_panic("epoll_wait: %s", strerror(errno));
	l->now_ms = clock_ms();
	l->ready_count = n < 0 ? 0 : n;
	for (int i = 0; i < l->ready_count; i++) {
		struct watch *w = l->ready[i].data.ptr;

		if (w != NULL)
			w->fn(w, l->ready[i].events);
	}
	l->ready_count = 0;
	timers_fire(l);
}

void
loop_run(struct loop *l)
{
	while (!l->stop)
		loop_once(l, -1);
}

void
loop_stop(struct loop *l)
{
	l->stop = true;
}
