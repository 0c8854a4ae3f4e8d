# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libaudit.a
libaudit_a_SOURCES = 
