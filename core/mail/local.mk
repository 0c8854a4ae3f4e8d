# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libmail.a
libmail_a_SOURCES = core/mail/charset.c core/mail/charset.h core/mail/decode.c core/mail/decode.h core/mail/edit.c core/mail/edit.h \
	core/mail/entity.c core/mail/entity.h core/mail/envelope.c core/mail/envelope.h \
	core/mail/fact.c core/mail/fact.h core/mail/finding.c core/mail/finding.h \
	core/mail/header.c core/mail/header.h core/mail/outgoing.c core/mail/outgoing.h core/mail/patch.c core/mail/patch.h core/mail/parameter.c core/mail/parameter.h \
	core/mail/structure.c core/mail/structure.h core/mail/trace.c core/mail/trace.h core/mail/view.c core/mail/view.h \
	core/mail/view_builder.c core/mail/view_format.h

# gmime stays in the parser.
noinst_LIBRARIES += libparse.a
libparse_a_SOURCES = core/mail/parse.c core/mail/parse.h
libparse_a_CPPFLAGS = $(AM_CPPFLAGS) $(GMIME_CFLAGS)
parse_LIBS = libparse.a $(mail_LIBS) $(GMIME_LIBS)

role_PROGRAMS += parser
parser_SOURCES = core/parser.c
parser_LDADD = $(parse_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_outgoing
tests_unit_test_outgoing_SOURCES = tests/unit/test_outgoing.c
tests_unit_test_outgoing_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_outgoing_LDADD = $(mail_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_mail
tests_unit_test_mail_SOURCES = tests/unit/test_mail.c
tests_unit_test_mail_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_mail_LDADD = $(mail_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_decode tests/unit/test_parse
tests_unit_test_decode_SOURCES = tests/unit/test_decode.c
tests_unit_test_decode_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_decode_LDADD = $(mail_LIBS) $(CMOCKA_LIBS)
tests_unit_test_parse_SOURCES = tests/unit/test_parse.c
tests_unit_test_parse_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_parse_LDADD = $(parse_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_patch tests/unit/test_trace
tests_unit_test_trace_SOURCES = tests/unit/test_trace.c
tests_unit_test_trace_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_trace_LDADD = $(mail_LIBS) $(CMOCKA_LIBS)
tests_unit_test_patch_SOURCES = tests/unit/test_patch.c
tests_unit_test_patch_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_patch_LDADD = $(parse_LIBS) $(CMOCKA_LIBS)
endif

PYTESTS += tests/parser/test_parser.py
EXTRA_DIST += tests/lib/role.py tests/fuzz/corpus/mime

if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_view tests/fuzz/fuzz_mail tests/fuzz/fuzz_mime
tests_fuzz_fuzz_mime_SOURCES = tests/fuzz/fuzz_mime.c
tests_fuzz_fuzz_mime_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_mime_LDADD = $(parse_LIBS)
tests_fuzz_fuzz_view_SOURCES = tests/fuzz/fuzz_view.c
tests_fuzz_fuzz_view_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_view_LDADD = $(mail_LIBS)
tests_fuzz_fuzz_mail_SOURCES = tests/fuzz/fuzz_mail.c
tests_fuzz_fuzz_mail_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_mail_LDADD = $(mail_LIBS)
endif
