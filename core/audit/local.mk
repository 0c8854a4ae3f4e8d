# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libaudit.a
libaudit_a_SOURCES = core/audit/early.h core/audit/head.h core/audit/leaf.h core/audit/record.h core/audit/verify.h
