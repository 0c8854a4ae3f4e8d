# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libstage.a
libstage_a_SOURCES = core/stage/describe.h core/stage/loader.h core/stage/options.h
