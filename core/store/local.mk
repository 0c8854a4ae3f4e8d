# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = core/store/hash.h core/store/journal.h core/store/seal.h core/store/slots.h core/store/state.h core/store/store.h
