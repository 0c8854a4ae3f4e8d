# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libstage.a
libstage_a_SOURCES = core/stage/describe.h core/stage/group.c core/stage/group.h \
	core/stage/host.c core/stage/host.h core/stage/loader.h core/stage/message.c \
	core/stage/message.h core/stage/options.h core/stage/request.c core/stage/request.h
