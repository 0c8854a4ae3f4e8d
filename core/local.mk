# SPDX-License-Identifier: BSD-2-Clause
# One program a role.  Each links what its job needs and nothing else.

role_PROGRAMS += engine
engine_SOURCES = core/engine.c
engine_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
engine_LDADD = $(engine_LIBS) $(SQLITE_LIBS) $(CRYPTO_LIBS) $(JANSSON_LIBS)

# Exports time() and nothing else: a stage's libraries ask the message's clock.
role_PROGRAMS += worker
worker_SOURCES = core/worker.c
worker_LDADD = $(stage_LIBS)
worker_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic-symbol=time
