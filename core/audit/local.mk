# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libaudit.a
dist_man_MANS += core/audit/mailtri-audit.5
libaudit_a_SOURCES = core/audit/checkpoint.c core/audit/checkpoint.h core/audit/early.c \
	core/audit/early.h core/audit/export.c core/audit/export.h core/audit/leaf.c \
	core/audit/leaf.h core/audit/note.c core/audit/note.h core/audit/promise.c \
	core/audit/promise.h core/audit/proof.c core/audit/proof.h core/audit/publisher.c \
	core/audit/publisher.h core/audit/record.c core/audit/record.h core/audit/tile.c \
	core/audit/tile.h core/audit/tiles.c core/audit/tiles.h core/audit/tree.c core/audit/tree.h \
	core/audit/verify.c core/audit/verify.h core/audit/verify_tiles.c

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_audit tests/unit/test_early tests/unit/test_publisher \
	tests/unit/test_cadence tests/unit/test_tamper tests/unit/test_tree
tests_unit_test_cadence_SOURCES = tests/unit/test_cadence.c tests/unit/publisher_world.h \
	tests/unit/store_world.h
tests_unit_test_cadence_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_cadence_LDADD = $(store_test_LIBS)
tests_unit_test_tamper_SOURCES = tests/unit/test_tamper.c tests/unit/publisher_world.h \
	tests/unit/store_world.h
tests_unit_test_tamper_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_tamper_LDADD = $(store_test_LIBS)
tests_unit_test_publisher_SOURCES = tests/unit/test_publisher.c tests/unit/publisher_world.h \
	tests/unit/store_world.h
tests_unit_test_publisher_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_publisher_LDADD = $(store_test_LIBS)
tests_unit_test_tree_SOURCES = tests/unit/test_tree.c
tests_unit_test_tree_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_tree_LDADD = $(store_test_LIBS)
tests_unit_test_early_SOURCES = tests/unit/test_early.c
tests_unit_test_early_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_early_LDADD = libaudit.a $(base_LIBS) $(CMOCKA_LIBS)
tests_unit_test_audit_SOURCES = tests/unit/test_audit.c tests/unit/store_world.h
tests_unit_test_audit_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_audit_LDADD = $(store_test_LIBS)
endif

if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_audit tests/fuzz/fuzz_checkpoint tests/fuzz/fuzz_tile
audit_fuzz_LIBS = $(audit_LIBS) $(SQLITE_LIBS) $(CRYPTO_LIBS) $(JANSSON_LIBS)
tests_fuzz_fuzz_audit_SOURCES = tests/fuzz/fuzz_audit.c
tests_fuzz_fuzz_audit_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_audit_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_audit_LDADD = $(audit_fuzz_LIBS)
tests_fuzz_fuzz_checkpoint_SOURCES = tests/fuzz/fuzz_checkpoint.c
tests_fuzz_fuzz_checkpoint_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_checkpoint_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_checkpoint_LDADD = $(audit_fuzz_LIBS)
tests_fuzz_fuzz_tile_SOURCES = tests/fuzz/fuzz_tile.c
tests_fuzz_fuzz_tile_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_tile_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_tile_LDADD = $(audit_fuzz_LIBS)
endif
