# SPDX-License-Identifier: BSD-2-Clause
sbin_PROGRAMS += mailtrid
mailtrid_SOURCES = core/mailtrid.c core/master/config.c core/master/config.h \
	core/master/generation.c core/master/listen.c core/master/listen.h \
	core/master/notify.c core/master/notify.h core/master/reload.c core/master/role.c \
	core/master/role.h core/master/roles.c core/master/roles.h
mailtrid_LDADD = $(conf_LIBS) $(CONFUSE_LIBS)
PYTESTS += tests/unit/test_mailtrid.py
