# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = core/store/body.c core/store/body.h core/store/copy.c core/store/copy.h \
	core/store/db.c core/store/db.h \
	core/store/hash.c core/store/hash.h core/store/journal.c core/store/journal.h \
	core/store/keyfile.c core/store/keyfile.h \
	core/store/once.c core/store/once.h core/store/private.h core/store/root.c core/store/root.h \
	core/store/schema.c core/store/schema.h \
	core/store/seal.c core/store/seal.h core/store/shard.c core/store/shard.h \
	core/store/slots.c core/store/slots.h \
	core/store/state.c core/store/state.h core/store/store.c core/store/store.h \
	core/store/vault.c core/store/vault.h core/store/wal.c core/store/wal.h \
	core/store/wrap.c core/store/wrap.h
# What a program that links libstore.a needs besides.
STORE_EXTRA_LIBS = $(SQLITE_LIBS) $(CRYPTO_LIBS)

role_PROGRAMS += keys
keys_SOURCES = core/keys.c
keys_LDADD = libaudit.a $(store_LIBS) $(CRYPTO_LIBS)

if HAVE_CMOCKA
store_test_LIBS = $(audit_LIBS) $(SQLITE_LIBS) $(CRYPTO_LIBS) $(JANSSON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_once tests/unit/test_keys tests/unit/test_seal tests/unit/test_store tests/unit/test_vault
tests_unit_test_once_SOURCES = tests/unit/test_once.c
tests_unit_test_once_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_once_LDADD = $(store_LIBS) $(CMOCKA_LIBS)
tests_unit_test_keys_SOURCES = tests/unit/test_keys.c tests/unit/store_world.h
tests_unit_test_keys_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_keys_LDADD = $(store_test_LIBS)
tests_unit_test_seal_SOURCES = tests/unit/test_seal.c
tests_unit_test_seal_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_seal_LDADD = $(store_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
tests_unit_test_store_SOURCES = tests/unit/test_store.c tests/unit/store_world.h
tests_unit_test_store_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_store_LDADD = $(store_test_LIBS)
tests_unit_test_vault_SOURCES = tests/unit/test_vault.c tests/unit/store_world.h
tests_unit_test_vault_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_vault_LDADD = $(store_test_LIBS)
endif

if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_keyfile tests/fuzz/fuzz_seal tests/fuzz/fuzz_shard
tests_fuzz_fuzz_keyfile_SOURCES = tests/fuzz/fuzz_keyfile.c
tests_fuzz_fuzz_keyfile_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_keyfile_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_keyfile_LDADD = $(store_LIBS) $(CRYPTO_LIBS)
tests_fuzz_fuzz_seal_SOURCES = tests/fuzz/fuzz_seal.c
tests_fuzz_fuzz_seal_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_seal_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_seal_LDADD = $(store_LIBS) $(CRYPTO_LIBS)
tests_fuzz_fuzz_shard_SOURCES = tests/fuzz/fuzz_shard.c
tests_fuzz_fuzz_shard_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_shard_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_shard_LDADD = $(store_LIBS) $(CRYPTO_LIBS)
endif
