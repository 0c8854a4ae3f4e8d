# SPDX-License-Identifier: BSD-2-Clause
# Stages that misbehave on demand, for the end-to-end tests; not installed.
test_stage_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
check_LTLIBRARIES += tests/stages/t-crash.la tests/stages/t-hang.la tests/stages/t-verdict.la \
	tests/stages/t-hostile.la tests/stages/t-leak.la tests/stages/t-newer.la \
	tests/stages/t-older.la tests/stages/t-probe.la tests/stages/t-deliver.la \
	tests/stages/t-answer.la tests/stages/t-mail.la tests/stages/t-reach.la
tests_stages_t_answer_la_SOURCES = tests/stages/t-answer.c
tests_stages_t_answer_la_LDFLAGS = $(AM_LDFLAGS) $(test_stage_LDFLAGS)
tests_stages_t_deliver_la_SOURCES = tests/stages/t-deliver.c
tests_stages_t_deliver_la_LDFLAGS = $(AM_LDFLAGS) $(test_stage_LDFLAGS)
tests_stages_t_mail_la_SOURCES = tests/stages/t-mail.c
tests_stages_t_mail_la_LDFLAGS = $(AM_LDFLAGS) $(test_stage_LDFLAGS)
tests_stages_t_reach_la_SOURCES = tests/stages/t-reach.c
tests_stages_t_reach_la_LDFLAGS = $(AM_LDFLAGS) $(test_stage_LDFLAGS)
tests_stages_t_probe_la_SOURCES = tests/stages/t-probe.c
tests_stages_t_probe_la_LDFLAGS = $(AM_LDFLAGS) $(test_stage_LDFLAGS)
tests_stages_t_hostile_la_SOURCES = tests/stages/t-hostile.c
tests_stages_t_hostile_la_LDFLAGS = $(AM_LDFLAGS) $(test_stage_LDFLAGS)
tests_stages_t_leak_la_SOURCES = tests/stages/t-leak.c
tests_stages_t_leak_la_LDFLAGS = $(AM_LDFLAGS) $(test_stage_LDFLAGS)
tests_stages_t_newer_la_SOURCES = tests/stages/t-newer.c
tests_stages_t_newer_la_LDFLAGS = $(AM_LDFLAGS) $(test_stage_LDFLAGS)
tests_stages_t_older_la_SOURCES = tests/stages/t-older.c
tests_stages_t_older_la_LDFLAGS = $(AM_LDFLAGS) $(test_stage_LDFLAGS)
tests_stages_t_crash_la_SOURCES = tests/stages/t-crash.c
tests_stages_t_crash_la_LDFLAGS = $(AM_LDFLAGS) $(test_stage_LDFLAGS)
tests_stages_t_hang_la_SOURCES = tests/stages/t-hang.c
tests_stages_t_hang_la_LDFLAGS = $(AM_LDFLAGS) $(test_stage_LDFLAGS)
tests_stages_t_verdict_la_SOURCES = tests/stages/t-verdict.c
tests_stages_t_verdict_la_LDFLAGS = $(AM_LDFLAGS) $(test_stage_LDFLAGS)

# The same stage twice, as before and after an upgrade: t-reload-2.so is
# installed under the name t-reload.so.
check_LTLIBRARIES += tests/stages/t-reload.la tests/stages/t-reload-2.la
tests_stages_t_reload_la_SOURCES = tests/stages/t-reload.c
tests_stages_t_reload_la_CPPFLAGS = $(AM_CPPFLAGS) -DBUILD=1
tests_stages_t_reload_la_LDFLAGS = $(AM_LDFLAGS) $(test_stage_LDFLAGS)
tests_stages_t_reload_2_la_SOURCES = tests/stages/t-reload.c
tests_stages_t_reload_2_la_CPPFLAGS = $(AM_CPPFLAGS) -DBUILD=2
tests_stages_t_reload_2_la_LDFLAGS = $(AM_LDFLAGS) $(test_stage_LDFLAGS)

# One source, two stages.
check_LTLIBRARIES += tests/stages/t-state.la tests/stages/t-state-2.la
tests_stages_t_state_la_SOURCES = tests/stages/t-state.c
tests_stages_t_state_la_CPPFLAGS = $(AM_CPPFLAGS) -DNAME='"t-state"'
tests_stages_t_state_la_LDFLAGS = $(AM_LDFLAGS) $(test_stage_LDFLAGS)
tests_stages_t_state_2_la_SOURCES = tests/stages/t-state.c
tests_stages_t_state_2_la_CPPFLAGS = $(AM_CPPFLAGS) -DNAME='"t-state-2"'
tests_stages_t_state_2_la_LDFLAGS = $(AM_LDFLAGS) $(test_stage_LDFLAGS)

PYTESTS += tests/stages/test_hostile.py tests/stages/test_poison.py tests/stages/test_breaker.py \
	tests/stages/test_deliver.py tests/stages/test_state.py tests/stages/test_mail.py tests/stages/test_reach.py
EXTRA_DIST += tests/stages/conftest.py
