# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libqueue.a
libqueue_a_SOURCES = core/queue/erase.h core/queue/queue.h core/queue/schedule.h
