# SPDX-License-Identifier: BSD-2-Clause
answer_sources = plugins/answer/answer.c plugins/answer/compose.c plugins/answer/compose.h \
	plugins/answer/encode.c plugins/answer/encode.h \
	plugins/answer/pages.c plugins/answer/pages.h plugins/answer/quiet.c plugins/answer/quiet.h \
	plugins/answer/template.c plugins/answer/template.h $(common_sources)

EXTRA_DIST += plugins/answer/answer.conf plugins/answer/mailtri-answer.7 \
	tests/fuzz/corpus/template tests/fuzz/corpus/compose

if PLUGIN_ANSWER
stage_LTLIBRARIES += answer.la
answer_la_SOURCES = $(answer_sources)
answer_la_CFLAGS = $(AM_CFLAGS)
answer_la_LDFLAGS = $(STAGE_LDFLAGS)
stageconf_files += plugins/answer/answer.conf

if HAVE_CMOCKA
check_PROGRAMS += plugins/answer/test_answer plugins/answer/test_template
plugins_answer_test_template_SOURCES = plugins/answer/test_template.c $(answer_sources)
plugins_answer_test_template_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_answer_test_template_LDADD = $(CMOCKA_LIBS)
plugins_answer_test_answer_SOURCES = plugins/answer/test_answer.c $(answer_sources)
plugins_answer_test_answer_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_answer_test_answer_LDADD = $(CMOCKA_LIBS)
endif

if FUZZ
noinst_PROGRAMS += plugins/answer/fuzz_template plugins/answer/fuzz_compose
plugins_answer_fuzz_template_SOURCES = plugins/answer/fuzz_template.c \
	plugins/answer/template.c $(common_sources)
plugins_answer_fuzz_template_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
plugins_answer_fuzz_template_LDFLAGS = -fsanitize=fuzzer,address,undefined
plugins_answer_fuzz_compose_SOURCES = plugins/answer/fuzz_compose.c $(answer_sources)
plugins_answer_fuzz_compose_CPPFLAGS = $(AM_CPPFLAGS) -DMT_STAGE_STATIC
plugins_answer_fuzz_compose_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
plugins_answer_fuzz_compose_LDFLAGS = -fsanitize=fuzzer,address,undefined
endif
endif
