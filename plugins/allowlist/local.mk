# SPDX-License-Identifier: BSD-2-Clause
allowlist_sources = plugins/allowlist/allowlist.c plugins/allowlist/entry.c \
	plugins/allowlist/entry.h

EXTRA_DIST += plugins/allowlist/allowlist.conf plugins/allowlist/mailtri-allowlist.7

if PLUGIN_ALLOWLIST
stage_LTLIBRARIES += allowlist.la
allowlist_la_SOURCES = $(allowlist_sources)
allowlist_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
allowlist_la_LDFLAGS = $(STAGE_LDFLAGS)
allowlist_la_LIBADD = $(CRYPTO_LIBS)
stageconf_files += plugins/allowlist/allowlist.conf

if HAVE_CMOCKA
check_PROGRAMS += plugins/allowlist/test_allowlist
plugins_allowlist_test_allowlist_SOURCES = plugins/allowlist/test_allowlist.c $(allowlist_sources)
plugins_allowlist_test_allowlist_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_allowlist_test_allowlist_LDADD = $(CRYPTO_LIBS) $(CMOCKA_LIBS)
endif

if FUZZ
noinst_PROGRAMS += plugins/allowlist/fuzz_entry
plugins_allowlist_fuzz_entry_SOURCES = plugins/allowlist/fuzz_entry.c \
	plugins/allowlist/entry.c plugins/allowlist/entry.h
plugins_allowlist_fuzz_entry_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
plugins_allowlist_fuzz_entry_LDFLAGS = -fsanitize=fuzzer,address,undefined
endif
endif
