# SPDX-License-Identifier: BSD-2-Clause
# Built when tests/bench/bench asks for it.
EXTRA_PROGRAMS += tests/bench/load
tests_bench_load_SOURCES = tests/bench/load.c
tests_bench_load_CPPFLAGS = $(AM_CPPFLAGS) $(SSL_CFLAGS)
tests_bench_load_LDADD = $(SSL_LIBS) $(CRYPTO_LIBS)
if PLUGIN_AUTH
# And these for tests/bench/auth.
EXTRA_PROGRAMS += tests/bench/auth_stage tests/bench/auth_library
tests_bench_auth_stage_SOURCES = tests/bench/auth_stage.c
tests_bench_auth_library_SOURCES = tests/bench/auth_library.c
tests_bench_auth_library_CFLAGS = $(AM_CFLAGS) $(OPENDKIM_CFLAGS)
tests_bench_auth_library_LDADD = $(OPENDKIM_LIBS)
endif
EXTRA_DIST += tests/bench/test_bench.py tests/bench/auth tests/bench/bench tests/bench/cold tests/bench/dispatch tests/bench/receiver.mjs tests/bench/corpus.py \
	tests/bench/measure.py tests/bench/peer.py tests/bench/place.py \
	tests/bench/postfix.py tests/bench/slow.py tests/bench/haraka.py tests/bench/table.py tests/bench/README.md tests/bench/hostile.py \
	tests/bench/haraka/package.json tests/bench/haraka/package-lock.json \
	tests/bench/haraka/mailauth_check.js tests/bench/rspamd.conf.in
