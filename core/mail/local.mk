# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libmail.a
libmail_a_SOURCES = core/mail/edit.c core/mail/edit.h core/mail/envelope.c core/mail/envelope.h \
	core/mail/fact.c core/mail/fact.h core/mail/view.c core/mail/view.h \
	core/mail/view_builder.c core/mail/view_format.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_mail
tests_unit_test_mail_SOURCES = tests/unit/test_mail.c
tests_unit_test_mail_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_mail_LDADD = $(mail_LIBS) $(CMOCKA_LIBS)
endif

if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_view tests/fuzz/fuzz_mail
tests_fuzz_fuzz_view_SOURCES = tests/fuzz/fuzz_view.c
tests_fuzz_fuzz_view_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_view_LDADD = $(mail_LIBS)
tests_fuzz_fuzz_mail_SOURCES = tests/fuzz/fuzz_mail.c
tests_fuzz_fuzz_mail_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_mail_LDADD = $(mail_LIBS)
endif
