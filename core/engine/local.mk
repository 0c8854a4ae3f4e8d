# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libengine.a
libengine_a_SOURCES = core/engine/check.c core/engine/claim.c core/engine/commit.c \
	core/engine/dispatch.c core/engine/engine.h core/engine/expire.c \
	core/engine/foresight.c core/engine/foresight.h core/engine/intake.c core/engine/keyring.c \
	core/engine/purge.c core/engine/record.c core/engine/resolve.c
libengine_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_foresight
tests_unit_test_foresight_SOURCES = tests/unit/test_foresight.c tests/unit/pipeline_rig.h
tests_unit_test_foresight_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_foresight_LDADD = libengine.a $(pipeline_LIBS) $(CMOCKA_LIBS)
endif
