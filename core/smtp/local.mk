# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libsmtp.a
libsmtp_a_SOURCES = core/smtp/action.c core/smtp/action.h core/smtp/address.c core/smtp/address.h \
	core/smtp/client.c core/smtp/client.h core/smtp/command.c core/smtp/command.h \
	core/smtp/connection.c core/smtp/connection.h core/smtp/data.c core/smtp/data.h \
	core/smtp/forward.c core/smtp/forward.h core/smtp/listener.c core/smtp/listener.h core/smtp/reply.c core/smtp/reply.h \
	core/smtp/session.c core/smtp/session.h core/smtp/session_known.c core/smtp/session_state.h core/smtp/stream.c core/smtp/stream.h \
	core/smtp/text.h core/smtp/ticket.c core/smtp/ticket.h core/smtp/tls.c core/smtp/tls.h core/smtp/upstream.c core/smtp/upstream.h
libsmtp_a_CFLAGS = $(AM_CFLAGS) $(SSL_CFLAGS)

role_PROGRAMS += front
front_SOURCES = core/front.c
front_LDADD = $(mail_LIBS) $(SSL_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_ticket
tests_unit_test_ticket_SOURCES = tests/unit/test_ticket.c
tests_unit_test_ticket_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_ticket_LDADD = $(smtp_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_forward tests/unit/test_upstream
tests_unit_test_forward_SOURCES = tests/unit/test_forward.c
tests_unit_test_forward_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_forward_LDADD = $(smtp_LIBS) $(CMOCKA_LIBS)
tests_unit_test_upstream_SOURCES = tests/unit/test_upstream.c tests/unit/session_say.h \
	tests/unit/session_world.h
tests_unit_test_upstream_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_upstream_LDADD = $(smtp_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_address tests/unit/test_command tests/unit/test_reply \
	tests/unit/test_data tests/unit/test_session tests/unit/test_session_limits
tests_unit_test_address_SOURCES = tests/unit/test_address.c
tests_unit_test_address_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_address_LDADD = $(smtp_LIBS) $(CMOCKA_LIBS)
tests_unit_test_command_SOURCES = tests/unit/test_command.c
tests_unit_test_command_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_command_LDADD = $(smtp_LIBS) $(CMOCKA_LIBS)
tests_unit_test_reply_SOURCES = tests/unit/test_reply.c
tests_unit_test_reply_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_reply_LDADD = $(smtp_LIBS) $(CMOCKA_LIBS)
tests_unit_test_data_SOURCES = tests/unit/test_data.c
tests_unit_test_data_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_data_LDADD = $(smtp_LIBS) $(CMOCKA_LIBS)
tests_unit_test_session_SOURCES = tests/unit/test_session.c tests/unit/session_say.h \
	tests/unit/session_world.h
tests_unit_test_session_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_session_LDADD = $(smtp_LIBS) $(CMOCKA_LIBS)
tests_unit_test_session_limits_SOURCES = tests/unit/test_session_limits.c \
	tests/unit/session_say.h tests/unit/session_world.h
tests_unit_test_session_limits_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_session_limits_LDADD = $(smtp_LIBS) $(CMOCKA_LIBS)
endif

PYTESTS += tests/smtp/test_dialogue.py tests/smtp/test_limits.py tests/smtp/test_senders.py \
	tests/smtp/test_smuggling.py tests/smtp/test_tls.py
EXTRA_DIST += tests/lib/pack.py tests/smtp/fake_engine.py tests/smtp/pairs.py
EXTRA_DIST += tests/fuzz/corpus/command tests/fuzz/corpus/forward tests/fuzz/corpus/data tests/fuzz/corpus/session

if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_forward
tests_fuzz_fuzz_forward_SOURCES = tests/fuzz/fuzz_forward.c
tests_fuzz_fuzz_forward_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_forward_LDADD = $(smtp_LIBS)
noinst_PROGRAMS += tests/fuzz/fuzz_command tests/fuzz/fuzz_data tests/fuzz/fuzz_session
tests_fuzz_fuzz_command_SOURCES = tests/fuzz/fuzz_command.c
tests_fuzz_fuzz_command_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_command_LDADD = $(smtp_LIBS)
tests_fuzz_fuzz_data_SOURCES = tests/fuzz/fuzz_data.c
tests_fuzz_fuzz_data_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_data_LDADD = $(smtp_LIBS)
tests_fuzz_fuzz_session_SOURCES = tests/fuzz/fuzz_session.c tests/unit/session_world.h
tests_fuzz_fuzz_session_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_session_LDADD = $(smtp_LIBS)
endif
