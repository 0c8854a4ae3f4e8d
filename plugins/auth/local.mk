# SPDX-License-Identifier: BSD-2-Clause
auth_sources = plugins/auth/auth.c plugins/auth/judgement.h \
	plugins/auth/addressed.c plugins/auth/addressed.h \
	plugins/auth/align.c plugins/auth/align.h \
	plugins/auth/arc.c plugins/auth/arc.h plugins/auth/arc_verify.c \
	plugins/auth/authres.c plugins/auth/authres.h \
	plugins/auth/base64.c plugins/auth/base64.h \
	plugins/auth/cache.c plugins/auth/cache.h \
	plugins/auth/canon.c plugins/auth/canon.h \
	plugins/auth/dkim.c plugins/auth/dkim.h \
	plugins/auth/dmarc.c plugins/auth/dmarc.h \
	plugins/auth/dmarc_record.c plugins/auth/dmarc_record.h \
	plugins/auth/domain.c plugins/auth/domain.h \
	plugins/auth/forward.c plugins/auth/forward.h \
	plugins/auth/from.c plugins/auth/from.h \
	plugins/auth/hash.c plugins/auth/hash.h \
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
	plugins/auth/walk.c plugins/auth/walk.h \
	plugins/common/mailbox.c plugins/common/mailbox.h
auth_libs = -lspf2 $(OPENDKIM_LIBS) -lopendmarc $(PSL_LIBS) $(IDN2_LIBS) $(CRYPTO_LIBS)
auth_cflags = $(AM_CFLAGS) $(OPENDKIM_CFLAGS) $(PSL_CFLAGS) $(IDN2_CFLAGS) $(CRYPTO_CFLAGS)
EXTRA_DIST += plugins/auth/auth.conf tests/fuzz/corpus/arc tests/fuzz/corpus/authres \
	tests/fuzz/corpus/dmarc_record tests/fuzz/corpus/from tests/fuzz/corpus/header \
	tests/fuzz/corpus/key_record tests/fuzz/corpus/results tests/fuzz/corpus/signature \
	tests/fuzz/corpus/spf_record tests/fuzz/corpus/taglist

if PLUGIN_AUTH
stage_LTLIBRARIES += auth.la
auth_la_SOURCES = $(auth_sources)
auth_la_CFLAGS = $(auth_cflags)
# One more symbol than other stages: key_cache.h says why.
auth_la_LDFLAGS = $(MODULE_LDFLAGS) -export-symbols-regex '^(mailtri_stage_v1|d2i_PUBKEY_bio)$$'
auth_la_LIBADD = $(auth_libs)
stageconf_files += plugins/auth/auth.conf

# All of it once more, with an entry that tests can link.
noinst_LIBRARIES += plugins/auth/libauth.a
plugins_auth_libauth_a_SOURCES = $(auth_sources)
plugins_auth_libauth_a_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_auth_libauth_a_CFLAGS = $(auth_cflags)
auth_test_libs = plugins/auth/libauth.a $(auth_libs)

# The stage behind the fake host, for the suites of tests/conformance.
noinst_PROGRAMS += tests/conformance/auth_batch
tests_conformance_auth_batch_SOURCES = tests/conformance/auth_batch.c \
	core/ctl/zone.c core/ctl/zone.h
tests_conformance_auth_batch_CPPFLAGS = $(TEST_CPPFLAGS)
tests_conformance_auth_batch_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_conformance_auth_batch_LDADD = $(base_LIBS) $(auth_test_libs) $(JANSSON_LIBS)
PYTESTS += tests/conformance/test_arc.py tests/conformance/test_failures.py tests/conformance/test_forward.py tests/conformance/test_spf.py tests/conformance/test_dkim.py \
	tests/conformance/test_dmarc.py tests/conformance/test_replay.py
EXTRA_DIST += tests/conformance/arc_messages.py tests/conformance/conftest.py tests/conformance/suite.py \
	tests/conformance/dkim_messages.py

# libopendmarc by itself, one of those the stage is compared with.
noinst_PROGRAMS += tests/differential/opendmarc_batch
tests_differential_opendmarc_batch_SOURCES = tests/differential/opendmarc_batch.c
tests_differential_opendmarc_batch_LDADD = -lopendmarc
PYTESTS += tests/differential/test_differential.py
EXTRA_DIST += tests/differential/compare.py tests/differential/judges.py tests/differential/kinds.py \
	tests/differential/kinds_dkim.py tests/differential/kinds_dmarc.py tests/differential/kinds_spf.py \
	tests/differential/mail_dkim.pl tests/differential/rules.py tests/differential/rules_dmarc.py \
	tests/differential/signer.py tests/differential/world.py

if HAVE_CMOCKA
check_PROGRAMS += plugins/auth/test_parse
plugins_auth_test_parse_SOURCES = plugins/auth/test_parse.c
plugins_auth_test_parse_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_auth_test_parse_LDADD = $(auth_test_libs) $(CMOCKA_LIBS)
check_PROGRAMS += plugins/auth/test_canon
plugins_auth_test_canon_SOURCES = plugins/auth/test_canon.c
plugins_auth_test_canon_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_auth_test_canon_CFLAGS = $(AM_CFLAGS) $(OPENDKIM_CFLAGS) $(CRYPTO_CFLAGS)
plugins_auth_test_canon_LDADD = $(auth_test_libs) $(CMOCKA_LIBS)
check_PROGRAMS += plugins/auth/test_policy
plugins_auth_test_policy_SOURCES = plugins/auth/test_policy.c
plugins_auth_test_policy_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_auth_test_policy_LDADD = $(auth_test_libs) $(CMOCKA_LIBS)
check_PROGRAMS += plugins/auth/test_results
plugins_auth_test_results_SOURCES = plugins/auth/test_results.c
plugins_auth_test_results_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_auth_test_results_LDADD = $(auth_test_libs) $(CMOCKA_LIBS)
check_PROGRAMS += plugins/auth/test_spf
plugins_auth_test_spf_SOURCES = plugins/auth/test_spf.c
plugins_auth_test_spf_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_auth_test_spf_LDADD = $(auth_test_libs) $(CMOCKA_LIBS)
check_PROGRAMS += plugins/auth/test_align
plugins_auth_test_align_SOURCES = plugins/auth/test_align.c
plugins_auth_test_align_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_auth_test_align_LDADD = $(auth_test_libs) $(CMOCKA_LIBS)
check_PROGRAMS += plugins/auth/test_auth
plugins_auth_test_auth_SOURCES = plugins/auth/test_auth.c
plugins_auth_test_auth_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_auth_test_auth_LDADD = $(auth_test_libs) $(CMOCKA_LIBS)
endif

if FUZZ
auth_fuzz_flags = -fsanitize=fuzzer,address,undefined
noinst_PROGRAMS += plugins/auth/fuzz_spf_record
plugins_auth_fuzz_spf_record_SOURCES = plugins/auth/fuzz_spf_record.c $(auth_sources)
plugins_auth_fuzz_spf_record_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_auth_fuzz_spf_record_CFLAGS = $(auth_cflags) $(auth_fuzz_flags)
plugins_auth_fuzz_spf_record_LDFLAGS = $(auth_fuzz_flags)
plugins_auth_fuzz_spf_record_LDADD = $(auth_libs)
noinst_PROGRAMS += plugins/auth/fuzz_taglist
plugins_auth_fuzz_taglist_SOURCES = plugins/auth/fuzz_taglist.c $(auth_sources)
plugins_auth_fuzz_taglist_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_auth_fuzz_taglist_CFLAGS = $(auth_cflags) $(auth_fuzz_flags)
plugins_auth_fuzz_taglist_LDFLAGS = $(auth_fuzz_flags)
plugins_auth_fuzz_taglist_LDADD = $(auth_libs)
noinst_PROGRAMS += plugins/auth/fuzz_from
plugins_auth_fuzz_from_SOURCES = plugins/auth/fuzz_from.c $(auth_sources)
plugins_auth_fuzz_from_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_auth_fuzz_from_CFLAGS = $(auth_cflags) $(auth_fuzz_flags)
plugins_auth_fuzz_from_LDFLAGS = $(auth_fuzz_flags)
plugins_auth_fuzz_from_LDADD = $(auth_libs)
noinst_PROGRAMS += plugins/auth/fuzz_results
plugins_auth_fuzz_results_SOURCES = plugins/auth/fuzz_results.c $(auth_sources)
plugins_auth_fuzz_results_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_auth_fuzz_results_CFLAGS = $(auth_cflags) $(auth_fuzz_flags)
plugins_auth_fuzz_results_LDFLAGS = $(auth_fuzz_flags)
plugins_auth_fuzz_results_LDADD = $(auth_libs)
noinst_PROGRAMS += plugins/auth/fuzz_dmarc_record
plugins_auth_fuzz_dmarc_record_SOURCES = plugins/auth/fuzz_dmarc_record.c $(auth_sources)
plugins_auth_fuzz_dmarc_record_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_auth_fuzz_dmarc_record_CFLAGS = $(auth_cflags) $(auth_fuzz_flags)
plugins_auth_fuzz_dmarc_record_LDFLAGS = $(auth_fuzz_flags)
plugins_auth_fuzz_dmarc_record_LDADD = $(auth_libs)
noinst_PROGRAMS += plugins/auth/fuzz_header
plugins_auth_fuzz_header_SOURCES = plugins/auth/fuzz_header.c $(auth_sources)
plugins_auth_fuzz_header_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_auth_fuzz_header_CFLAGS = $(auth_cflags) $(auth_fuzz_flags)
plugins_auth_fuzz_header_LDFLAGS = $(auth_fuzz_flags)
plugins_auth_fuzz_header_LDADD = $(auth_libs)
noinst_PROGRAMS += plugins/auth/fuzz_arc
plugins_auth_fuzz_arc_SOURCES = plugins/auth/fuzz_arc.c $(auth_sources)
plugins_auth_fuzz_arc_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_auth_fuzz_arc_CFLAGS = $(auth_cflags) $(auth_fuzz_flags)
plugins_auth_fuzz_arc_LDFLAGS = $(auth_fuzz_flags)
plugins_auth_fuzz_arc_LDADD = $(auth_libs)
noinst_PROGRAMS += plugins/auth/fuzz_authres
plugins_auth_fuzz_authres_SOURCES = plugins/auth/fuzz_authres.c $(auth_sources)
plugins_auth_fuzz_authres_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_auth_fuzz_authres_CFLAGS = $(auth_cflags) $(auth_fuzz_flags)
plugins_auth_fuzz_authres_LDFLAGS = $(auth_fuzz_flags)
plugins_auth_fuzz_authres_LDADD = $(auth_libs)
noinst_PROGRAMS += plugins/auth/fuzz_signature
plugins_auth_fuzz_signature_SOURCES = plugins/auth/fuzz_signature.c $(auth_sources)
plugins_auth_fuzz_signature_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_auth_fuzz_signature_CFLAGS = $(auth_cflags) $(auth_fuzz_flags)
plugins_auth_fuzz_signature_LDFLAGS = $(auth_fuzz_flags)
plugins_auth_fuzz_signature_LDADD = $(auth_libs)
noinst_PROGRAMS += plugins/auth/fuzz_key_record
plugins_auth_fuzz_key_record_SOURCES = plugins/auth/fuzz_key_record.c $(auth_sources)
plugins_auth_fuzz_key_record_CPPFLAGS = $(TEST_CPPFLAGS)
plugins_auth_fuzz_key_record_CFLAGS = $(auth_cflags) $(auth_fuzz_flags)
plugins_auth_fuzz_key_record_LDFLAGS = $(auth_fuzz_flags)
plugins_auth_fuzz_key_record_LDADD = $(auth_libs)
endif
endif
