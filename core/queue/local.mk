# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libqueue.a
libqueue_a_SOURCES = core/queue/act.c core/queue/attempt.c core/queue/erase.c core/queue/erase.h \
	core/queue/item.c core/queue/private.h core/queue/queue.c core/queue/queue.h \
	core/queue/schedule.c core/queue/schedule.h
