# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libaudit.a
libaudit_a_SOURCES = core/audit/early.c core/audit/early.h core/audit/export.c core/audit/export.h \
	core/audit/head.c core/audit/head.h core/audit/leaf.c core/audit/leaf.h \
	core/audit/note.c core/audit/note.h core/audit/record.c core/audit/record.h \
	core/audit/verify.c core/audit/verify.h
