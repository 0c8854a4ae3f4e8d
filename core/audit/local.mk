# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libaudit.a
libaudit_a_SOURCES = core/audit/early.c core/audit/early.h core/audit/export.c core/audit/export.h \
	core/audit/head.c core/audit/head.h core/audit/leaf.c core/audit/leaf.h \
	core/audit/note.c core/audit/note.h core/audit/record.c core/audit/record.h \
	core/audit/verify.c core/audit/verify.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_audit tests/unit/test_early
tests_unit_test_early_SOURCES = tests/unit/test_early.c
tests_unit_test_early_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_early_LDADD = libaudit.a $(base_LIBS) $(CMOCKA_LIBS)
tests_unit_test_audit_SOURCES = tests/unit/test_audit.c tests/unit/store_world.h
tests_unit_test_audit_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_audit_LDADD = $(store_test_LIBS)
endif

if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_audit
tests_fuzz_fuzz_audit_SOURCES = tests/fuzz/fuzz_audit.c
tests_fuzz_fuzz_audit_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_audit_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_audit_LDADD = $(audit_LIBS) $(SQLITE_LIBS) $(CRYPTO_LIBS) $(JANSSON_LIBS)
endif
