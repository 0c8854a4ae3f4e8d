# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libconf.a
libconf_a_SOURCES = core/conf/core.c core/conf/core.h core/conf/describe.c \
	core/conf/describe.h core/conf/descriptor.c core/conf/descriptor.h core/conf/domain.h core/conf/file.c \
	core/conf/file.h core/conf/listener.c core/conf/listener.h \
	core/conf/network.c core/conf/network.h core/conf/order.c core/conf/order.h core/conf/pack.c core/conf/pack.h \
	core/conf/parse.c core/conf/parse.h core/conf/print.c core/conf/print.h core/conf/problem.c \
	core/conf/problem.h core/conf/route.c core/conf/route.h core/conf/schema.c core/conf/schema.h core/conf/secret.c \
	core/conf/secret.h core/conf/settings.c core/conf/settings.h core/conf/stagefile.c \
	core/conf/stagefile.h core/conf/value.c core/conf/value.h core/conf/wiring.c \
	core/conf/wiring.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_network
tests_unit_test_network_SOURCES = tests/unit/test_network.c
tests_unit_test_network_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_network_LDADD = $(conf_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_settings tests/unit/test_value tests/unit/test_file \
	tests/unit/test_order tests/unit/test_secret tests/unit/test_spawn
tests_unit_test_settings_SOURCES = tests/unit/test_settings.c
tests_unit_test_settings_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_settings_LDADD = $(conf_LIBS) $(CMOCKA_LIBS)
tests_unit_test_value_SOURCES = tests/unit/test_value.c
tests_unit_test_value_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_value_LDADD = $(conf_LIBS) $(CMOCKA_LIBS)
tests_unit_test_file_SOURCES = tests/unit/test_file.c
tests_unit_test_file_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_file_LDADD = $(conf_LIBS) $(CMOCKA_LIBS) $(CONFUSE_LIBS)
tests_unit_test_order_SOURCES = tests/unit/test_order.c
tests_unit_test_order_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_order_LDADD = $(conf_LIBS) $(CMOCKA_LIBS)
tests_unit_test_secret_SOURCES = tests/unit/test_secret.c
tests_unit_test_secret_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_secret_LDADD = $(conf_LIBS) $(CMOCKA_LIBS)
tests_unit_test_spawn_SOURCES = tests/unit/test_spawn.c
tests_unit_test_spawn_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_spawn_LDADD = $(base_LIBS) $(CMOCKA_LIBS)
endif

if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_settings tests/fuzz/fuzz_conf
tests_fuzz_fuzz_settings_SOURCES = tests/fuzz/fuzz_settings.c
tests_fuzz_fuzz_settings_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_settings_LDADD = $(conf_LIBS)
tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c
tests_fuzz_fuzz_conf_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_conf_LDADD = $(conf_LIBS) $(CONFUSE_LIBS)
endif
EXTRA_DIST += tests/fuzz/corpus/conf
