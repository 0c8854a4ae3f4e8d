/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One event loop a process: descriptors by epoll, deadlines by a heap.
 * Callbacks may add and remove watches and timers at will, their own too.
 */
#ifndef MAILTRI_BASE_LOOP_H
#define MAILTRI_BASE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

/* Owned by the caller; embed it.  fn gets EPOLL* events. */
struct watch {
	int fd;			/* -1: not watched */
	uint32_t events;
	bool watched;		/* so far as the loop knows: a closed fd is not */
	void (*fn)(struct watch *, uint32_t events);
	void *arg;
};

/* Owned by the caller; embed it.  Fires once; set it again to repeat. */
struct timer {
	int64_t at_ms;		/* loop_ms() clock */
	size_t slot;		/* 0: not armed */
	void (*fn)(struct timer *);
	void *arg;
};

struct loop *loop_new(void);
void loop_free(struct loop *);
int loop_watch(struct loop *, struct watch *, uint32_t events);	/* add or change */
void loop_unwatch(struct loop *, struct watch *);	/* does not close */
void timer_set(struct loop *, struct timer *, int64_t delay_ms);
void timer_clear(struct loop *, struct timer *);
int64_t loop_ms(struct loop *);	/* monotonic, as of this round */
int64_t clock_ms(void);		/* monotonic, now */
void loop_run(struct loop *);	/* until loop_stop() */
void loop_once(struct loop *, int timeout_ms);	/* -1: wait */
void loop_stop(struct loop *);

#endif
