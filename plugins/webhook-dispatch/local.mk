# SPDX-License-Identifier: BSD-2-Clause
webhook_parts = plugins/webhook-dispatch/address.c plugins/webhook-dispatch/address.h \
	plugins/webhook-dispatch/body.c \
	plugins/webhook-dispatch/command.c plugins/webhook-dispatch/command.h \
	plugins/webhook-dispatch/date.c plugins/webhook-dispatch/date.h \
	plugins/webhook-dispatch/envelope.c plugins/webhook-dispatch/envelope.h \
	plugins/webhook-dispatch/field.c \
	plugins/webhook-dispatch/reply.c plugins/webhook-dispatch/reply.h \
	plugins/webhook-dispatch/secret.c plugins/webhook-dispatch/secret.h \
	plugins/webhook-dispatch/value.c plugins/webhook-dispatch/value.h
webhook_sources = plugins/webhook-dispatch/webhook.c $(webhook_parts) $(common_sources)
EXTRA_DIST += tests/fuzz/corpus/envelope tests/fuzz/corpus/reply \
	plugins/webhook-dispatch/webhook-dispatch.conf \
	plugins/webhook-dispatch/envelope.schema.json

if PLUGIN_WEBHOOK_DISPATCH
stage_LTLIBRARIES += webhook-dispatch.la
webhook_dispatch_la_SOURCES = $(webhook_sources)
webhook_dispatch_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS)
webhook_dispatch_la_LDFLAGS = $(STAGE_LDFLAGS)
webhook_dispatch_la_LIBADD = $(JANSSON_LIBS) $(CRYPTO_LIBS)
stageconf_files += plugins/webhook-dispatch/webhook-dispatch.conf
schemadir = $(datadir)/mailtri
schema_DATA = plugins/webhook-dispatch/envelope.schema.json

if HAVE_CMOCKA
check_PROGRAMS += plugins/webhook-dispatch/test_webhook plugins/webhook-dispatch/test_envelope \
	plugins/webhook-dispatch/test_limits
plugins_webhook_dispatch_test_webhook_SOURCES = plugins/webhook-dispatch/test_webhook.c $(webhook_sources)
plugins_webhook_dispatch_test_webhook_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS)
plugins_webhook_dispatch_test_webhook_LDADD = $(JANSSON_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
plugins_webhook_dispatch_test_envelope_SOURCES = plugins/webhook-dispatch/test_envelope.c \
	plugins/webhook-dispatch/envelope_world.h $(webhook_sources)
plugins_webhook_dispatch_test_envelope_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS)
plugins_webhook_dispatch_test_envelope_LDADD = $(JANSSON_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
plugins_webhook_dispatch_test_limits_SOURCES = plugins/webhook-dispatch/test_limits.c \
	plugins/webhook-dispatch/envelope_world.h $(webhook_sources)
plugins_webhook_dispatch_test_limits_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS)
plugins_webhook_dispatch_test_limits_LDADD = $(JANSSON_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
endif

if FUZZ
noinst_PROGRAMS += plugins/webhook-dispatch/fuzz_envelope plugins/webhook-dispatch/fuzz_reply
plugins_webhook_dispatch_fuzz_envelope_SOURCES = plugins/webhook-dispatch/fuzz_envelope.c $(webhook_sources)
plugins_webhook_dispatch_fuzz_envelope_CPPFLAGS = $(AM_CPPFLAGS) -DMT_STAGE_STATIC
plugins_webhook_dispatch_fuzz_envelope_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS) -fsanitize=fuzzer,address,undefined
plugins_webhook_dispatch_fuzz_envelope_LDFLAGS = -fsanitize=fuzzer,address,undefined
plugins_webhook_dispatch_fuzz_envelope_LDADD = $(JANSSON_LIBS) $(CRYPTO_LIBS)
plugins_webhook_dispatch_fuzz_reply_SOURCES = plugins/webhook-dispatch/fuzz_reply.c \
	plugins/webhook-dispatch/reply.c plugins/webhook-dispatch/value.c $(common_sources)
plugins_webhook_dispatch_fuzz_reply_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -fsanitize=fuzzer,address,undefined
plugins_webhook_dispatch_fuzz_reply_LDFLAGS = -fsanitize=fuzzer,address,undefined
plugins_webhook_dispatch_fuzz_reply_LDADD = $(JANSSON_LIBS)
endif
endif
