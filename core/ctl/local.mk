# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libctl.a
libctl_a_SOURCES = 
