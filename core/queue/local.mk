# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libqueue.a
libqueue_a_SOURCES = core/queue/act.c core/queue/answer.c core/queue/answer.h \
	core/queue/attempt.c core/queue/capability.c core/queue/capability.h core/queue/erase.c core/queue/erase.h \
	core/queue/item.c core/queue/pause.c core/queue/pause.h core/queue/private.h core/queue/queue.c core/queue/queue.h \
	core/queue/restore.c core/queue/restore.h core/queue/schedule.c core/queue/schedule.h \
	core/queue/thread.c core/queue/thread.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_act tests/unit/test_queue tests/unit/test_schedule
check_PROGRAMS += tests/unit/test_answer tests/unit/test_capability tests/unit/test_thread
tests_unit_test_answer_SOURCES = tests/unit/test_answer.c tests/unit/store_world.h
tests_unit_test_answer_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_answer_LDADD = $(store_test_LIBS)
tests_unit_test_capability_SOURCES = tests/unit/test_capability.c
tests_unit_test_capability_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_capability_LDADD = $(store_test_LIBS)
tests_unit_test_thread_SOURCES = tests/unit/test_thread.c tests/unit/store_world.h
tests_unit_test_thread_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_thread_LDADD = $(store_test_LIBS)
check_PROGRAMS += tests/unit/test_pause tests/unit/test_restore
tests_unit_test_pause_SOURCES = tests/unit/test_pause.c tests/unit/store_world.h
tests_unit_test_pause_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pause_LDADD = $(store_test_LIBS)
tests_unit_test_restore_SOURCES = tests/unit/test_restore.c tests/unit/store_world.h
tests_unit_test_restore_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_restore_LDADD = $(store_test_LIBS)
tests_unit_test_schedule_SOURCES = tests/unit/test_schedule.c
tests_unit_test_schedule_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_schedule_LDADD = $(store_test_LIBS)
tests_unit_test_act_SOURCES = tests/unit/test_act.c tests/unit/store_world.h
tests_unit_test_act_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_act_LDADD = $(store_test_LIBS)
tests_unit_test_queue_SOURCES = tests/unit/test_queue.c tests/unit/store_world.h
tests_unit_test_queue_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_queue_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=seal_close
tests_unit_test_queue_LDADD = $(store_test_LIBS)
# With crash points, whatever the rest of the build has.
check_PROGRAMS += tests/fault/test_crash tests/fault/test_publishing
crash_test_CPPFLAGS = $(TEST_CPPFLAGS) -UMAILTRI_FAULTS -DMAILTRI_FAULTS
crash_test_SOURCES = tests/unit/crash_world.h tests/unit/store_world.h core/base/fault.c \
	$(libstore_a_SOURCES) $(libqueue_a_SOURCES)
crash_test_LIBS = $(SQLITE_LIBS) $(CRYPTO_LIBS) $(JANSSON_LIBS) $(CMOCKA_LIBS)
tests_fault_test_crash_SOURCES = tests/fault/test_crash.c $(crash_test_SOURCES)
tests_fault_test_crash_CPPFLAGS = $(crash_test_CPPFLAGS)
tests_fault_test_crash_LDADD = libaudit.a $(pipeline_LIBS) $(crash_test_LIBS)
tests_fault_test_publishing_SOURCES = tests/fault/test_publishing.c tests/unit/publisher_world.h \
	$(crash_test_SOURCES) $(libaudit_a_SOURCES)
tests_fault_test_publishing_CPPFLAGS = $(crash_test_CPPFLAGS)
tests_fault_test_publishing_LDADD = $(pipeline_LIBS) $(crash_test_LIBS)
endif

if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_capability tests/fuzz/fuzz_thread
tests_fuzz_fuzz_capability_SOURCES = tests/fuzz/fuzz_capability.c
tests_fuzz_fuzz_capability_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_capability_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_capability_LDADD = $(queue_LIBS) $(SQLITE_LIBS) $(CRYPTO_LIBS)
tests_fuzz_fuzz_thread_SOURCES = tests/fuzz/fuzz_thread.c
tests_fuzz_fuzz_thread_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_thread_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_thread_LDADD = $(queue_LIBS) $(SQLITE_LIBS) $(CRYPTO_LIBS)
endif
EXTRA_DIST += tests/fuzz/corpus/capability tests/fuzz/corpus/thread
