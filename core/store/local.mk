# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = core/store/body.c core/store/body.h core/store/chain.c core/store/db.c core/store/db.h \
	core/store/hash.c core/store/hash.h core/store/journal.c core/store/journal.h \
	core/store/private.h core/store/schema.c core/store/schema.h \
	core/store/seal.c core/store/seal.h core/store/shard.c core/store/shard.h \
	core/store/slots.c core/store/slots.h \
	core/store/state.c core/store/state.h core/store/store.c core/store/store.h \
	core/store/vault.c core/store/vault.h core/store/wrap.c core/store/wrap.h
# What a program that links libstore.a needs besides.
STORE_EXTRA_LIBS = $(SQLITE_LIBS) $(CRYPTO_LIBS)

role_PROGRAMS += keys
keys_SOURCES = core/keys.c
keys_LDADD = libaudit.a $(store_LIBS) $(CRYPTO_LIBS)
