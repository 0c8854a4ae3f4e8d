# SPDX-License-Identifier: BSD-2-Clause
# Built when tests/bench/bench asks for it.
EXTRA_PROGRAMS += tests/bench/load
tests_bench_load_SOURCES = tests/bench/load.c
tests_bench_load_CPPFLAGS = $(AM_CPPFLAGS) $(SSL_CFLAGS)
tests_bench_load_LDADD = $(SSL_LIBS) $(CRYPTO_LIBS)
EXTRA_DIST += tests/bench/bench tests/bench/corpus.py tests/bench/measure.py tests/bench/peer.py \
	tests/bench/postfix.py tests/bench/haraka.py tests/bench/table.py tests/bench/README.md tests/bench/hostile.py \
	tests/bench/haraka/package.json tests/bench/haraka/package-lock.json \
	tests/bench/haraka/mailauth_check.js tests/bench/rspamd.conf.in
