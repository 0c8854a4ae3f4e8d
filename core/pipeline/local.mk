# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libpipeline.a
libpipeline_a_SOURCES = core/pipeline/ask.c core/pipeline/breaker.c core/pipeline/breaker.h core/pipeline/call.c core/pipeline/call.h \
	core/pipeline/claim.c core/pipeline/claim.h core/pipeline/dns.c core/pipeline/dns.h \
	core/pipeline/dns_ask.c core/pipeline/dns_ask.h \
	core/pipeline/dns_cache.c core/pipeline/dns_cache.h core/pipeline/dns_name.c \
	core/pipeline/dns_name.h core/pipeline/dns_record.c core/pipeline/dns_record.h \
	core/pipeline/dns_unbound.h core/pipeline/intent.c core/pipeline/intent.h \
	core/pipeline/mail.c core/pipeline/mail.h core/pipeline/poison.c core/pipeline/poison.h \
	core/pipeline/probe.c core/pipeline/probe.h \
	core/pipeline/pool.c core/pipeline/pool.h core/pipeline/suspect.c \
	core/pipeline/question.c core/pipeline/question.h core/pipeline/report.c core/pipeline/report.h \
	core/pipeline/verdict.c core/pipeline/verdict.h core/pipeline/walk.c core/pipeline/walk.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_pipeline tests/unit/test_verdict tests/unit/test_poison \
	tests/unit/test_suspect
tests_unit_test_suspect_SOURCES = tests/unit/test_suspect.c tests/unit/pipeline_rig.h
tests_unit_test_suspect_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_suspect_LDADD = $(pipeline_LIBS) $(CMOCKA_LIBS)
tests_unit_test_poison_SOURCES = tests/unit/test_poison.c
tests_unit_test_poison_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_poison_LDADD = $(pipeline_LIBS) $(CMOCKA_LIBS)
tests_unit_test_pipeline_SOURCES = tests/unit/test_pipeline.c tests/unit/pipeline_rig.h
tests_unit_test_pipeline_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pipeline_LDADD = $(pipeline_LIBS) $(CMOCKA_LIBS)
tests_unit_test_verdict_SOURCES = tests/unit/test_verdict.c
tests_unit_test_verdict_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_verdict_LDADD = $(pipeline_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_call tests/unit/test_pool
tests_unit_test_call_SOURCES = tests/unit/test_call.c
tests_unit_test_call_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_call_LDADD = $(pipeline_LIBS) $(CMOCKA_LIBS)
tests_unit_test_pool_SOURCES = tests/unit/test_pool.c
tests_unit_test_pool_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pool_LDADD = $(pipeline_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_dns
tests_unit_test_dns_SOURCES = tests/unit/test_dns.c
tests_unit_test_dns_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_dns_LDADD = $(pipeline_LIBS) $(CMOCKA_LIBS)
endif

if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_dns
tests_fuzz_fuzz_dns_SOURCES = tests/fuzz/fuzz_dns.c
tests_fuzz_fuzz_dns_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_dns_LDADD = $(pipeline_LIBS)
noinst_PROGRAMS += tests/fuzz/fuzz_ask
tests_fuzz_fuzz_ask_SOURCES = tests/fuzz/fuzz_ask.c
tests_fuzz_fuzz_ask_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_ask_LDADD = $(pipeline_LIBS)
endif

if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_call
tests_fuzz_fuzz_call_SOURCES = tests/fuzz/fuzz_call.c
tests_fuzz_fuzz_call_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_call_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_call_LDADD = $(pipeline_LIBS)
endif
