# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libpipeline.a
libpipeline_a_SOURCES = core/pipeline/ask.c core/pipeline/call.c core/pipeline/call.h \
	core/pipeline/claim.c core/pipeline/claim.h core/pipeline/intent.c core/pipeline/intent.h \
	core/pipeline/mail.c core/pipeline/mail.h core/pipeline/pool.c core/pipeline/pool.h \
	core/pipeline/question.c core/pipeline/question.h core/pipeline/report.c core/pipeline/report.h \
	core/pipeline/verdict.c core/pipeline/verdict.h core/pipeline/walk.c core/pipeline/walk.h
