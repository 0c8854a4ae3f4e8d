# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libctl.a
libctl_a_SOURCES = core/ctl/control.h core/ctl/zone.h
libctl_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
