# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libctl.a
libctl_a_SOURCES = core/ctl/call.c core/ctl/handlers.h core/ctl/control.c core/ctl/control.h \
	core/ctl/options.c core/ctl/options.h core/ctl/term.c core/ctl/term.h \
	core/ctl/zone.c core/ctl/zone.h
libctl_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_control tests/unit/test_zone
tests_unit_test_control_SOURCES = tests/unit/test_control.c
tests_unit_test_control_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_control_LDADD = libctl.a $(base_LIBS) $(CMOCKA_LIBS) $(JANSSON_LIBS)
tests_unit_test_zone_SOURCES = tests/unit/test_zone.c
tests_unit_test_zone_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_zone_LDADD = libctl.a $(base_LIBS) $(CMOCKA_LIBS) $(JANSSON_LIBS)
endif
