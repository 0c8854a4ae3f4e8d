# SPDX-License-Identifier: BSD-2-Clause
auth_sources = plugins/auth/auth.c plugins/auth/judgement.h \
	plugins/auth/align.c plugins/auth/align.h \
	plugins/auth/base64.c plugins/auth/base64.h \
	plugins/auth/dkim.c plugins/auth/dkim.h \
	plugins/auth/dmarc.c plugins/auth/dmarc.h \
	plugins/auth/dmarc_record.c plugins/auth/dmarc_record.h \
	plugins/auth/domain.c plugins/auth/domain.h \
	plugins/auth/from.c plugins/auth/from.h \
	plugins/auth/header.c plugins/auth/header.h \
	plugins/auth/key_cache.c plugins/auth/key_cache.h \
	plugins/auth/key_record.c plugins/auth/key_record.h \
	plugins/auth/options.c plugins/auth/options.h \
	plugins/auth/policy.c plugins/auth/policy.h \
	plugins/auth/replay.c plugins/auth/replay.h \
	plugins/auth/results.c plugins/auth/results.h \
	plugins/auth/run.c plugins/auth/run.h \
	plugins/auth/second.c plugins/auth/second.h \
	plugins/auth/signature.c plugins/auth/signature.h \
	plugins/auth/spf.c plugins/auth/spf.h plugins/auth/spf_ahead.c \
	plugins/auth/spf_lookup.c plugins/auth/spf_lookup.h \
	plugins/auth/spf_macro.c plugins/auth/spf_macro.h \
	plugins/auth/spf_record.c plugins/auth/spf_record.h \
	plugins/auth/taglist.c plugins/auth/taglist.h \
	plugins/auth/text.c plugins/auth/text.h \
	plugins/auth/walk.c plugins/auth/walk.h
auth_libs = -lspf2 $(OPENDKIM_LIBS) -lopendmarc $(PSL_LIBS) $(IDN2_LIBS) $(CRYPTO_LIBS)
auth_cflags = $(AM_CFLAGS) $(OPENDKIM_CFLAGS) $(PSL_CFLAGS) $(IDN2_CFLAGS) $(CRYPTO_CFLAGS)

if PLUGIN_AUTH
stage_LTLIBRARIES += auth.la
auth_la_SOURCES = $(auth_sources)
auth_la_CFLAGS = $(auth_cflags)
# One more symbol than other stages: key_cache.h says why.
auth_la_LDFLAGS = $(MODULE_LDFLAGS) -export-symbols-regex '^(mailtri_stage_v1|d2i_PUBKEY_bio)$$'
auth_la_LIBADD = $(auth_libs)
dist_stageconf_DATA += plugins/auth/auth.conf

# The stage behind the fake host, for the suites of tests/conformance.
noinst_PROGRAMS += tests/conformance/auth_batch
tests_conformance_auth_batch_SOURCES = tests/conformance/auth_batch.c $(auth_sources) \
	core/ctl/zone.c core/ctl/zone.h
tests_conformance_auth_batch_CPPFLAGS = $(TEST_CPPFLAGS)
tests_conformance_auth_batch_CFLAGS = $(auth_cflags) $(JANSSON_CFLAGS)
tests_conformance_auth_batch_LDADD = $(base_LIBS) $(auth_libs) $(JANSSON_LIBS)
PYTESTS += tests/conformance/test_spf.py
EXTRA_DIST += tests/conformance/suite.py
endif
