# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libctl.a
libctl_a_SOURCES = core/ctl/call.c core/ctl/cmd_audit.c core/ctl/cmd_check.c \
	core/ctl/cmd_conf.c core/ctl/cmd_queue.c core/ctl/cmd_stages.c core/ctl/cmd_status.c \
	core/ctl/command.c core/ctl/command.h core/ctl/control.c core/ctl/control.h \
	core/ctl/crew.c core/ctl/crew.h core/ctl/handlers.c core/ctl/handlers.h \
	core/ctl/handlers_audit.c core/ctl/handlers_audit.h core/ctl/line.c core/ctl/line.h \
	core/ctl/manual.c core/ctl/manual.h core/ctl/member.c core/ctl/member.h \
	core/ctl/options.c core/ctl/options.h \
	core/ctl/report.c core/ctl/report.h core/ctl/term.c core/ctl/term.h \
	core/ctl/zone.c core/ctl/zone.h core/ctl/zone_server.c core/ctl/zone_server.h
dist_man_MANS += core/mailtrictl.8
libctl_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_control tests/unit/test_ctl tests/unit/test_zone
tests_unit_test_ctl_SOURCES = tests/unit/test_ctl.c
tests_unit_test_ctl_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_ctl_LDADD = $(ctl_LIBS) $(CMOCKA_LIBS) $(JANSSON_LIBS)
tests_unit_test_control_SOURCES = tests/unit/test_control.c
tests_unit_test_control_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_control_LDADD = libctl.a $(base_LIBS) $(CMOCKA_LIBS) $(JANSSON_LIBS)
tests_unit_test_zone_SOURCES = tests/unit/test_zone.c
tests_unit_test_zone_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_zone_LDADD = libctl.a $(base_LIBS) $(CMOCKA_LIBS) $(JANSSON_LIBS)
endif

if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_line tests/fuzz/fuzz_zone
tests_fuzz_fuzz_line_SOURCES = tests/fuzz/fuzz_line.c
tests_fuzz_fuzz_line_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_line_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_line_LDADD = libctl.a $(base_LIBS) $(JANSSON_LIBS)
tests_fuzz_fuzz_zone_SOURCES = tests/fuzz/fuzz_zone.c
tests_fuzz_fuzz_zone_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_zone_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_zone_LDADD = libctl.a $(base_LIBS) $(JANSSON_LIBS)
endif

sbin_PROGRAMS += mailtrictl
mailtrictl_SOURCES = core/mailtrictl.c
mailtrictl_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
mailtrictl_LDADD = $(ctl_LIBS) $(CONFUSE_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS)

PYTESTS += tests/e2e/test_check.py
