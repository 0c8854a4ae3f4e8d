# SPDX-License-Identifier: BSD-2-Clause
LONG_PYTESTS += tests/fault/test_power.py tests/fault/test_kill.py tests/fault/test_dispatch.py
EXTRA_DIST += tests/fault/conftest.py tests/lib/disk.py tests/lib/load.py

# The roles that write, on a disk that syncs nothing: power cuts must show it.
EXTRA_PROGRAMS += tests/fault/engine-unsynced tests/fault/keys-unsynced
check_DATA += tests/fault/engine-unsynced$(EXEEXT) tests/fault/keys-unsynced$(EXEEXT)
tests_fault_engine_unsynced_SOURCES = $(engine_SOURCES) tests/fault/unsynced.c
tests_fault_engine_unsynced_CPPFLAGS = $(engine_CPPFLAGS)
tests_fault_engine_unsynced_LDADD = $(engine_LDADD)
tests_fault_keys_unsynced_SOURCES = $(keys_SOURCES) tests/fault/unsynced.c
tests_fault_keys_unsynced_LDADD = $(keys_LDADD)
CLEANFILES += tests/fault/engine-unsynced$(EXEEXT) tests/fault/keys-unsynced$(EXEEXT)
