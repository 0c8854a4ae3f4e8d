# SPDX-License-Identifier: BSD-2-Clause
# Built when tests/bench/bench asks for it.
EXTRA_PROGRAMS += tests/bench/load
tests_bench_load_SOURCES = tests/bench/load.c
EXTRA_DIST += tests/bench/bench tests/bench/corpus.py tests/bench/peer.py tests/bench/README.md
