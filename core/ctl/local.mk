# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libctl.a
libctl_a_SOURCES = core/ctl/call.c core/ctl/cmd_audit.c core/ctl/cmd_check.c \
	core/ctl/cmd_proof.c core/ctl/cmd_pins.c core/ctl/cmd_proof.h core/ctl/cmd_conf.c core/ctl/cmd_dead.c \
	core/ctl/cmd_probe.c core/ctl/cmd_queue.c core/ctl/cmd_queue.h \
	core/ctl/cmd_reload.c core/ctl/cmd_stages.c core/ctl/cmd_status.c \
	core/ctl/command.c core/ctl/command.h core/ctl/connections.c core/ctl/connections.h \
	core/ctl/control.c core/ctl/control.h \
	core/ctl/crew.c core/ctl/crew.h core/ctl/handlers.c core/ctl/handlers.h \
	core/ctl/handlers_act.c core/ctl/handlers_act.h \
	core/ctl/handlers_audit.c core/ctl/handlers_audit.h core/ctl/handlers_proof.c \
	core/ctl/trust.c core/ctl/trust.h core/ctl/line.c core/ctl/line.h \
	core/ctl/handlers_state.c core/ctl/handlers_state.h \
	core/ctl/backup.c core/ctl/backup.h core/ctl/cmd_backup.c core/ctl/cmd_keys.c \
	core/ctl/manifest.c core/ctl/manifest.h \
	core/ctl/manual.c core/ctl/manual.h core/ctl/member.c core/ctl/member.h \
	core/ctl/options.c core/ctl/options.h \
	core/ctl/report.c core/ctl/report.h core/ctl/term.c core/ctl/term.h \
	core/ctl/zone.c core/ctl/zone.h core/ctl/zone_server.c core/ctl/zone_server.h
dist_man_MANS += core/mailtrictl.8
EXTRA_DIST += core/HACKING.md tests/fuzz/corpus/control tests/fuzz/corpus/line \
	tests/fuzz/corpus/zone
libctl_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_connections
tests_unit_test_connections_SOURCES = tests/unit/test_connections.c
tests_unit_test_connections_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_connections_LDADD = $(ctl_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_manifest
tests_unit_test_manifest_SOURCES = tests/unit/test_manifest.c
tests_unit_test_manifest_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_manifest_LDADD = $(ctl_LIBS) $(CMOCKA_LIBS) $(CRYPTO_LIBS)
check_PROGRAMS += tests/unit/test_control tests/unit/test_ctl tests/unit/test_zone
tests_unit_test_ctl_SOURCES = tests/unit/test_ctl.c
tests_unit_test_ctl_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_ctl_LDADD = $(ctl_LIBS) $(CMOCKA_LIBS) $(JANSSON_LIBS)
tests_unit_test_control_SOURCES = tests/unit/test_control.c
tests_unit_test_control_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_control_LDADD = libctl.a $(base_LIBS) $(CMOCKA_LIBS) $(JANSSON_LIBS)
tests_unit_test_zone_SOURCES = tests/unit/test_zone.c
tests_unit_test_zone_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_zone_LDADD = libctl.a $(base_LIBS) $(CMOCKA_LIBS) $(JANSSON_LIBS)
endif

if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_manifest
tests_fuzz_fuzz_manifest_SOURCES = tests/fuzz/fuzz_manifest.c
tests_fuzz_fuzz_manifest_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_manifest_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_manifest_LDADD = $(ctl_LIBS) $(CRYPTO_LIBS)
EXTRA_DIST += tests/fuzz/corpus/manifest
noinst_PROGRAMS += tests/fuzz/fuzz_control tests/fuzz/fuzz_line tests/fuzz/fuzz_zone
tests_fuzz_fuzz_control_SOURCES = tests/fuzz/fuzz_control.c
tests_fuzz_fuzz_control_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_control_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_control_LDADD = libctl.a $(base_LIBS) $(JANSSON_LIBS)
tests_fuzz_fuzz_line_SOURCES = tests/fuzz/fuzz_line.c
tests_fuzz_fuzz_line_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_line_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_line_LDADD = libctl.a $(base_LIBS) $(JANSSON_LIBS)
tests_fuzz_fuzz_zone_SOURCES = tests/fuzz/fuzz_zone.c
tests_fuzz_fuzz_zone_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_zone_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_zone_LDADD = libctl.a $(base_LIBS) $(JANSSON_LIBS)
endif

completiondir = $(datadir)/bash-completion/completions
dist_completion_DATA = contrib/completion/mailtrictl

sbin_PROGRAMS += mailtrictl
mailtrictl_SOURCES = core/mailtrictl.c
mailtrictl_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
mailtrictl_LDADD = libctl.a libdispatch.a $(audit_LIBS) $(CONFUSE_LIBS) $(JANSSON_LIBS) $(SSL_LIBS)

PYTESTS += tests/e2e/test_check.py tests/e2e/test_control.py

# The OPTIONS of a stage's manual come from the stage's own table: what stands
# in the place of the line .\" OPTIONS.  The stage is described from a copy in a
# folder nobody else may write, wherever the build folder is.
stage_manuals =
if PLUGIN_AUTH
stage_manuals += man/mailtri-auth.7
man/mailtri-auth.7: plugins/auth/mailtri-auth.7 auth.la
endif
if PLUGIN_ALLOWLIST
stage_manuals += man/mailtri-allowlist.7
man/mailtri-allowlist.7: plugins/allowlist/mailtri-allowlist.7 allowlist.la
endif
if PLUGIN_LINEAR_DISPATCH
stage_manuals += man/mailtri-linear-dispatch.7
man/mailtri-linear-dispatch.7: plugins/linear-dispatch/mailtri-linear-dispatch.7 linear-dispatch.la
endif
if PLUGIN_WEBHOOK_DISPATCH
stage_manuals += man/mailtri-webhook-dispatch.7
man/mailtri-webhook-dispatch.7: plugins/webhook-dispatch/mailtri-webhook-dispatch.7 webhook-dispatch.la
endif
if PLUGIN_ANSWER
stage_manuals += man/mailtri-answer.7
man/mailtri-answer.7: plugins/answer/mailtri-answer.7 answer.la
endif
$(stage_manuals): mailtrictl$(EXEEXT) worker$(EXEEXT)
	$(AM_V_GEN)stage=`basename $@ .7 | sed 's/^mailtri-//'` && $(MKDIR_P) man && \
	folder=`mktemp -d` && trap 'rm -rf "$$folder"' 0 && \
	cp .libs/$$stage.so $$folder/ && chmod 755 $$folder/$$stage.so && \
	MAILTRI_LIBEXEC=`pwd` ./mailtrictl$(EXEEXT) stages --man $$folder/$$stage.so > $$folder/options && \
	sed -e "/^\.\\\\\" OPTIONS\$$/r $$folder/options" -e '/^\.\\" OPTIONS$$/d' \
		$(srcdir)/plugins/$$stage/mailtri-$$stage.7 > $@.tmp && mv $@.tmp $@
nodist_man_MANS += $(stage_manuals)
CLEANFILES += $(stage_manuals)
EXTRA_DIST += plugins/auth/mailtri-auth.7 plugins/allowlist/mailtri-allowlist.7 \
	plugins/linear-dispatch/mailtri-linear-dispatch.7 \
	plugins/webhook-dispatch/mailtri-webhook-dispatch.7
dist_man_MANS += include/mailtri/mailtri_stage.3
PYTESTS += tests/lint/test_manuals.py
