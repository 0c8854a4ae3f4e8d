# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libstage.a
libstage_a_SOURCES = core/stage/describe.c core/stage/describe.h core/stage/group.c core/stage/group.h \
	core/stage/host.c core/stage/host.h core/stage/letter.c core/stage/letter.h core/stage/loader.c core/stage/loader.h core/stage/message.c \
	core/stage/message.h core/stage/options.c core/stage/options.h core/stage/reach.c core/stage/reach.h core/stage/request.c core/stage/request.h

# Stages for tests: -rpath makes libtool build a shared object of what is
# never installed.
test_stage_ldflags = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere
check_LTLIBRARIES += tests/stages/t-conf.la tests/stages/t-stale.la
tests_stages_t_conf_la_SOURCES = tests/stages/t-conf.c
tests_stages_t_conf_la_LDFLAGS = $(test_stage_ldflags)
tests_stages_t_stale_la_SOURCES = tests/stages/t-stale.c
tests_stages_t_stale_la_LDFLAGS = $(test_stage_ldflags)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_loader tests/unit/test_stage
tests_unit_test_stage_SOURCES = tests/unit/test_stage.c
tests_unit_test_stage_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_stage_LDADD = $(stage_LIBS) $(CMOCKA_LIBS)
tests_unit_test_loader_SOURCES = tests/unit/test_loader.c
tests_unit_test_loader_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_loader_LDADD = $(stage_LIBS) $(CMOCKA_LIBS)
endif

if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_request
tests_fuzz_fuzz_request_SOURCES = tests/fuzz/fuzz_request.c
tests_fuzz_fuzz_request_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_request_LDADD = $(stage_LIBS)
endif
