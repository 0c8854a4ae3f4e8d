# SPDX-License-Identifier: BSD-2-Clause
linear_sources = plugins/linear-dispatch/act.h plugins/linear-dispatch/answer.c \
	plugins/linear-dispatch/answer.h plugins/linear-dispatch/author.c \
	plugins/linear-dispatch/author.h plugins/linear-dispatch/body.c \
	plugins/linear-dispatch/body.h plugins/linear-dispatch/comment.c \
	plugins/linear-dispatch/create.c plugins/linear-dispatch/due.c \
	plugins/linear-dispatch/due.h plugins/linear-dispatch/file.c \
	plugins/linear-dispatch/file.h plugins/linear-dispatch/html.c \
	plugins/linear-dispatch/html.h plugins/linear-dispatch/issue.c \
	plugins/linear-dispatch/issue.h plugins/linear-dispatch/linear.c \
	plugins/linear-dispatch/lookup.c plugins/linear-dispatch/lookup.h \
	plugins/linear-dispatch/markdown.c plugins/linear-dispatch/markdown.h \
	plugins/linear-dispatch/probe.c plugins/linear-dispatch/query.c \
	plugins/linear-dispatch/query.h plugins/linear-dispatch/quote.c \
	plugins/linear-dispatch/quote.h plugins/linear-dispatch/run.c \
	plugins/linear-dispatch/run.h plugins/linear-dispatch/target.c \
	plugins/linear-dispatch/target.h plugins/linear-dispatch/update.c \
	plugins/linear-dispatch/upload.c plugins/linear-dispatch/upload.h \
	plugins/linear-dispatch/uuid.c plugins/linear-dispatch/uuid.h \
	plugins/linear-dispatch/wish.c plugins/linear-dispatch/wish.h \
	plugins/linear-dispatch/writer.c plugins/linear-dispatch/writer.h \
	$(common_sources)
linear_cflags = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(XML_CFLAGS)
EXTRA_DIST += plugins/linear-dispatch/linear-dispatch.conf \
	plugins/linear-dispatch/mailtri-linear-dispatch.7 \
	tests/fuzz/corpus/html tests/fuzz/corpus/quote tests/fuzz/corpus/wish tests/fuzz/corpus/upload

if PLUGIN_LINEAR_DISPATCH
stage_LTLIBRARIES += linear-dispatch.la
linear_dispatch_la_SOURCES = $(linear_sources)
linear_dispatch_la_CFLAGS = $(linear_cflags)
linear_dispatch_la_LDFLAGS = $(STAGE_LDFLAGS)
linear_dispatch_la_LIBADD = $(JANSSON_LIBS) $(XML_LIBS)
stageconf_files += plugins/linear-dispatch/linear-dispatch.conf

# All of it once more, with an entry that tests can link.
noinst_LIBRARIES += plugins/linear-dispatch/liblinear.a
plugins_linear_dispatch_liblinear_a_SOURCES = $(linear_sources)
plugins_linear_dispatch_liblinear_a_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_linear_dispatch_liblinear_a_CFLAGS = $(linear_cflags)
linear_test_libs = plugins/linear-dispatch/liblinear.a $(JANSSON_LIBS) $(XML_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += plugins/linear-dispatch/test_linear plugins/linear-dispatch/test_thread \
	plugins/linear-dispatch/test_upload plugins/linear-dispatch/test_wish \
	plugins/linear-dispatch/test_words
plugins_linear_dispatch_test_linear_SOURCES = plugins/linear-dispatch/test_linear.c plugins/linear-dispatch/rig.h
plugins_linear_dispatch_test_linear_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
plugins_linear_dispatch_test_linear_LDADD = $(linear_test_libs) $(CMOCKA_LIBS)
plugins_linear_dispatch_test_thread_SOURCES = plugins/linear-dispatch/test_thread.c plugins/linear-dispatch/rig.h
plugins_linear_dispatch_test_thread_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
plugins_linear_dispatch_test_thread_LDADD = $(linear_test_libs) $(CMOCKA_LIBS)
plugins_linear_dispatch_test_upload_SOURCES = plugins/linear-dispatch/test_upload.c plugins/linear-dispatch/rig.h
plugins_linear_dispatch_test_upload_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
plugins_linear_dispatch_test_upload_LDADD = $(linear_test_libs) $(CMOCKA_LIBS)
plugins_linear_dispatch_test_wish_SOURCES = plugins/linear-dispatch/test_wish.c plugins/linear-dispatch/rig.h
plugins_linear_dispatch_test_wish_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
plugins_linear_dispatch_test_wish_LDADD = $(linear_test_libs) $(CMOCKA_LIBS)
plugins_linear_dispatch_test_words_SOURCES = plugins/linear-dispatch/test_words.c plugins/linear-dispatch/rig.h
plugins_linear_dispatch_test_words_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
plugins_linear_dispatch_test_words_LDADD = $(linear_test_libs) $(CMOCKA_LIBS)
endif

if FUZZ
noinst_PROGRAMS +=\
	plugins/linear-dispatch/fuzz_answer \
	plugins/linear-dispatch/fuzz_html \
	plugins/linear-dispatch/fuzz_quote \
	plugins/linear-dispatch/fuzz_text \
	plugins/linear-dispatch/fuzz_upload \
	plugins/linear-dispatch/fuzz_wish
plugins_linear_dispatch_fuzz_answer_SOURCES = plugins/linear-dispatch/fuzz_answer.c
plugins_linear_dispatch_fuzz_answer_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
plugins_linear_dispatch_fuzz_answer_CFLAGS = $(linear_cflags) -fsanitize=fuzzer,address,undefined
plugins_linear_dispatch_fuzz_answer_LDFLAGS = -fsanitize=fuzzer,address,undefined
plugins_linear_dispatch_fuzz_answer_LDADD = $(linear_test_libs)
plugins_linear_dispatch_fuzz_html_SOURCES = plugins/linear-dispatch/fuzz_html.c
plugins_linear_dispatch_fuzz_html_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
plugins_linear_dispatch_fuzz_html_CFLAGS = $(linear_cflags) -fsanitize=fuzzer,address,undefined
plugins_linear_dispatch_fuzz_html_LDFLAGS = -fsanitize=fuzzer,address,undefined
plugins_linear_dispatch_fuzz_html_LDADD = $(linear_test_libs)
plugins_linear_dispatch_fuzz_quote_SOURCES = plugins/linear-dispatch/fuzz_quote.c
plugins_linear_dispatch_fuzz_quote_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
plugins_linear_dispatch_fuzz_quote_CFLAGS = $(linear_cflags) -fsanitize=fuzzer,address,undefined
plugins_linear_dispatch_fuzz_quote_LDFLAGS = -fsanitize=fuzzer,address,undefined
plugins_linear_dispatch_fuzz_quote_LDADD = $(linear_test_libs)
plugins_linear_dispatch_fuzz_text_SOURCES = plugins/linear-dispatch/fuzz_text.c
plugins_linear_dispatch_fuzz_text_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
plugins_linear_dispatch_fuzz_text_CFLAGS = $(linear_cflags) -fsanitize=fuzzer,address,undefined
plugins_linear_dispatch_fuzz_text_LDFLAGS = -fsanitize=fuzzer,address,undefined
plugins_linear_dispatch_fuzz_text_LDADD = $(linear_test_libs)
plugins_linear_dispatch_fuzz_upload_SOURCES = plugins/linear-dispatch/fuzz_upload.c
plugins_linear_dispatch_fuzz_upload_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
plugins_linear_dispatch_fuzz_upload_CFLAGS = $(linear_cflags) -fsanitize=fuzzer,address,undefined
plugins_linear_dispatch_fuzz_upload_LDFLAGS = -fsanitize=fuzzer,address,undefined
plugins_linear_dispatch_fuzz_upload_LDADD = $(linear_test_libs)
plugins_linear_dispatch_fuzz_wish_SOURCES = plugins/linear-dispatch/fuzz_wish.c
plugins_linear_dispatch_fuzz_wish_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
plugins_linear_dispatch_fuzz_wish_CFLAGS = $(linear_cflags) -fsanitize=fuzzer,address,undefined
plugins_linear_dispatch_fuzz_wish_LDFLAGS = -fsanitize=fuzzer,address,undefined
plugins_linear_dispatch_fuzz_wish_LDADD = $(linear_test_libs)
endif
endif
