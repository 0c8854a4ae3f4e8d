# SPDX-License-Identifier: BSD-2-Clause
PYTESTS += tests/e2e/test_road.py tests/e2e/test_identity.py tests/e2e/test_senders.py tests/e2e/test_faults.py \
	tests/e2e/test_kept.py tests/e2e/test_linear.py tests/e2e/test_linear_acts.py tests/e2e/test_webhook.py tests/e2e/test_ctl.py \
	tests/e2e/test_acts.py tests/e2e/test_postfix.py tests/e2e/test_utf8.py
PYTESTS += tests/e2e/test_backup.py tests/e2e/test_connections.py tests/e2e/test_reload.py tests/e2e/test_dnssec.py \
	tests/e2e/test_clients.py tests/e2e/test_crowd.py tests/e2e/test_secrets.py
PYTESTS += tests/e2e/test_damage.py tests/e2e/test_issue.py tests/e2e/test_wire.py tests/e2e/test_json.py tests/e2e/test_reply.py \
	tests/e2e/test_integration.py tests/e2e/test_answers.py
PYTESTS += tests/attack/test_identity.py
EXTRA_DIST += tests/attack/conftest.py tests/attack/identity.py tests/attack/party.py
EXTRA_DIST += tests/e2e/conftest.py tests/lib/postfix.py tests/lib/relay.py tests/lib/signed.py tests/lib/vaultfile.py

# The engine with encryption patched out, for one test of test_kept.py.
EXTRA_PROGRAMS += tests/e2e/engine-plain
check_DATA += tests/e2e/engine-plain$(EXEEXT)
tests_e2e_engine_plain_SOURCES = $(engine_SOURCES) tests/e2e/plain_seal.c
tests_e2e_engine_plain_CPPFLAGS = $(engine_CPPFLAGS)
tests_e2e_engine_plain_LDADD = $(engine_LDADD)
tests_e2e_engine_plain_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=seal_close -Wl,--wrap=seal_open
CLEANFILES += tests/e2e/engine-plain$(EXEEXT)
