# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = core/base/arena.c core/base/arena.h core/base/buf.c core/base/buf.h \
	core/base/fault.c core/base/fault.h core/base/frame.c core/base/frame.h \
	core/base/idmap.c core/base/idmap.h core/base/idna.c core/base/idna.h core/base/emit.c core/base/emit.h core/base/log.c core/base/log.h \
	core/base/loop.c core/base/loop.h core/base/pin.c core/base/pin.h core/base/proto.h core/base/sandbox.c core/base/sandbox.h \
	core/base/sandbox_table.c core/base/span.h core/base/spawn.c core/base/spawn.h \
	core/base/utf8.c core/base/utf8.h
libbase_a_CFLAGS = $(AM_CFLAGS) $(IDN2_CFLAGS)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_base tests/unit/test_sandbox
tests_unit_test_base_SOURCES = tests/unit/test_base.c
tests_unit_test_base_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_base_LDADD = $(base_LIBS) $(CMOCKA_LIBS)
tests_unit_test_sandbox_SOURCES = tests/unit/test_sandbox.c
tests_unit_test_sandbox_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_sandbox_LDADD = $(base_LIBS) $(CMOCKA_LIBS)
endif
