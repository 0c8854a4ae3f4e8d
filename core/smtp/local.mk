# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libsmtp.a
libsmtp_a_SOURCES = 
