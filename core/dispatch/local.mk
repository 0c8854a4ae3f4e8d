# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libdispatch.a
libdispatch_a_SOURCES = core/dispatch/http.c core/dispatch/http.h core/dispatch/pin.c core/dispatch/pin.h
libdispatch_a_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)

# libcurl finds its connect() here: a socket the resolver dialled has a peer
# already.  In no archive, or other programs would find it too.
role_PROGRAMS += worker-net
worker_net_SOURCES = core/worker_net.c core/dispatch/dialled.c core/dispatch/dialled.h
worker_net_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
worker_net_LDADD = libdispatch.a $(stage_LIBS) $(CURL_LIBS)
worker_net_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic-symbol=connect
