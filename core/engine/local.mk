# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libengine.a
libengine_a_SOURCES = core/engine/answer.c core/engine/check.c core/engine/claim.c core/engine/commit.c \
	core/engine/dial.c core/engine/dispatch.c core/engine/engine.h core/engine/expire.c \
	core/engine/foresight.c core/engine/foresight.h core/engine/generation.c \
	core/engine/intake.c core/engine/recent.c core/engine/recent.h \
	core/engine/integration.c core/engine/integration.h core/engine/integration_ask.c \
	core/engine/integrations.c core/engine/integrations.h core/engine/keyring.c core/engine/purge.c core/engine/record.c \
	core/engine/reload.c core/engine/reply.c core/engine/resolve.c
libengine_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_dialling tests/unit/test_foresight tests/unit/test_integration \
	tests/unit/test_recent
tests_unit_test_dialling_SOURCES = tests/unit/test_dialling.c
tests_unit_test_dialling_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_dialling_LDADD = libengine.a libdispatch.a $(pipeline_LIBS) $(CMOCKA_LIBS)
tests_unit_test_integration_SOURCES = tests/unit/test_integration.c
tests_unit_test_integration_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_integration_LDADD = libengine.a $(store_test_LIBS)
tests_unit_test_recent_SOURCES = tests/unit/test_recent.c
tests_unit_test_recent_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_recent_LDADD = libengine.a $(pipeline_LIBS) $(CMOCKA_LIBS)
tests_unit_test_foresight_SOURCES = tests/unit/test_foresight.c tests/unit/pipeline_rig.h
tests_unit_test_foresight_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_foresight_LDADD = libengine.a $(pipeline_LIBS) $(CMOCKA_LIBS)
endif

if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_record
tests_fuzz_fuzz_record_SOURCES = tests/fuzz/fuzz_record.c core/engine/record.c
tests_fuzz_fuzz_record_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_fuzz_fuzz_record_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_record_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_record_LDADD = $(pipeline_LIBS) $(CRYPTO_LIBS) $(JANSSON_LIBS)
endif
