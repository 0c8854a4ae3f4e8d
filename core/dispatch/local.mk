# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libdispatch.a
libdispatch_a_SOURCES = core/dispatch/dial.c core/dispatch/dial.h core/dispatch/dialer.c \
	core/dispatch/dialer.h core/dispatch/http.c core/dispatch/http.h \
	core/dispatch/chain.c core/dispatch/chain.h core/dispatch/speech.c \
	core/dispatch/speech.h core/dispatch/submission.c \
	core/dispatch/submission.h core/dispatch/transfer.c core/dispatch/transfer.h \
	core/dispatch/trust.c core/dispatch/trust.h
libdispatch_a_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)

# libcurl finds its connect() here: a socket the resolver dialled has a peer
# already.  In no archive, or other programs would find it too.
role_PROGRAMS += worker-net
worker_net_SOURCES = core/worker_net.c core/dispatch/dialled.c core/dispatch/dialled.h
worker_net_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
worker_net_LDADD = libdispatch.a $(stage_LIBS) $(CURL_LIBS) $(SSL_LIBS)
worker_net_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic-symbol=connect

# libunbound stays in the resolver.
role_PROGRAMS += resolver
resolver_SOURCES = core/resolver.c core/pipeline/dns_unbound.c
resolver_LDADD = libdispatch.a $(pipeline_LIBS) $(UNBOUND_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_dial
tests_unit_test_dial_SOURCES = tests/unit/test_dial.c
tests_unit_test_dial_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_dial_LDADD = libdispatch.a $(pipeline_LIBS) $(CMOCKA_LIBS)
endif

if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_dial
tests_fuzz_fuzz_dial_SOURCES = tests/fuzz/fuzz_dial.c
tests_fuzz_fuzz_dial_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_dial_LDADD = libdispatch.a $(pipeline_LIBS)
endif

PYTESTS += tests/resolver/test_resolver.py
EXTRA_DIST += tests/resolver/relay.py tests/resolver/signed.py

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_http
tests_unit_test_http_SOURCES = tests/unit/test_http.c core/dispatch/dialled.c
tests_unit_test_http_CPPFLAGS = $(TEST_CPPFLAGS) $(CURL_CFLAGS)
tests_unit_test_http_LDADD = libdispatch.a $(base_LIBS) $(CURL_LIBS) $(SSL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_http_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic-symbol=connect
endif
