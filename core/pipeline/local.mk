# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libpipeline.a
libpipeline_a_SOURCES = core/pipeline/call.c core/pipeline/call.h \
	core/pipeline/question.c core/pipeline/question.h
