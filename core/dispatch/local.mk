# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libdispatch.a
libdispatch_a_SOURCES = 
