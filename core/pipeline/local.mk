# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libpipeline.a
libpipeline_a_SOURCES = 
