# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libqueue.a
libqueue_a_SOURCES = 
