# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libconf.a
libconf_a_SOURCES = core/conf/core.c core/conf/core.h core/conf/describe.c \
	core/conf/describe.h core/conf/descriptor.c core/conf/descriptor.h core/conf/file.c \
	core/conf/file.h core/conf/order.c core/conf/order.h core/conf/pack.c core/conf/pack.h \
	core/conf/parse.c core/conf/parse.h core/conf/print.c core/conf/print.h core/conf/problem.c \
	core/conf/problem.h core/conf/schema.c core/conf/schema.h core/conf/secret.c \
	core/conf/secret.h core/conf/settings.c core/conf/settings.h core/conf/stagefile.c \
	core/conf/stagefile.h core/conf/value.c core/conf/value.h core/conf/wiring.c \
	core/conf/wiring.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_settings
tests_unit_test_settings_SOURCES = tests/unit/test_settings.c
tests_unit_test_settings_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_settings_LDADD = $(conf_LIBS) $(CMOCKA_LIBS)
endif

if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_settings
tests_fuzz_fuzz_settings_SOURCES = tests/fuzz/fuzz_settings.c
tests_fuzz_fuzz_settings_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_settings_LDADD = $(conf_LIBS)
endif
