# SPDX-License-Identifier: BSD-2-Clause
linear_sources = plugins/linear-dispatch/answer.c plugins/linear-dispatch/answer.h \
	plugins/linear-dispatch/issue.c plugins/linear-dispatch/issue.h \
	plugins/linear-dispatch/linear.c \
	plugins/linear-dispatch/query.c plugins/linear-dispatch/query.h \
	plugins/linear-dispatch/text.c plugins/linear-dispatch/text.h \
	$(common_sources)
EXTRA_DIST += plugins/linear-dispatch/linear-dispatch.conf \
	plugins/linear-dispatch/mailtri-linear-dispatch.7

if PLUGIN_LINEAR_DISPATCH
stage_LTLIBRARIES += linear-dispatch.la
linear_dispatch_la_SOURCES = $(linear_sources)
linear_dispatch_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
linear_dispatch_la_LDFLAGS = $(STAGE_LDFLAGS)
linear_dispatch_la_LIBADD = $(JANSSON_LIBS)
stageconf_files += plugins/linear-dispatch/linear-dispatch.conf

if HAVE_CMOCKA
check_PROGRAMS += plugins/linear-dispatch/test_linear
plugins_linear_dispatch_test_linear_SOURCES = plugins/linear-dispatch/test_linear.c $(linear_sources)
plugins_linear_dispatch_test_linear_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
plugins_linear_dispatch_test_linear_LDADD = $(JANSSON_LIBS) $(CMOCKA_LIBS)
endif

if FUZZ
noinst_PROGRAMS += plugins/linear-dispatch/fuzz_answer plugins/linear-dispatch/fuzz_text
plugins_linear_dispatch_fuzz_answer_SOURCES = plugins/linear-dispatch/fuzz_answer.c \
	plugins/linear-dispatch/answer.c plugins/linear-dispatch/text.c $(common_sources)
plugins_linear_dispatch_fuzz_answer_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -fsanitize=fuzzer,address,undefined
plugins_linear_dispatch_fuzz_answer_LDFLAGS = -fsanitize=fuzzer,address,undefined
plugins_linear_dispatch_fuzz_answer_LDADD = $(JANSSON_LIBS)
plugins_linear_dispatch_fuzz_text_SOURCES = plugins/linear-dispatch/fuzz_text.c \
	plugins/linear-dispatch/text.c $(common_sources)
plugins_linear_dispatch_fuzz_text_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
plugins_linear_dispatch_fuzz_text_LDFLAGS = -fsanitize=fuzzer,address,undefined
endif
endif
