# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libsmtp.a
libsmtp_a_SOURCES = core/smtp/action.c core/smtp/action.h core/smtp/address.c core/smtp/address.h \
	core/smtp/client.c core/smtp/client.h core/smtp/command.c core/smtp/command.h \
	core/smtp/connection.c core/smtp/connection.h core/smtp/data.c core/smtp/data.h \
	core/smtp/listener.c core/smtp/listener.h core/smtp/reply.c core/smtp/reply.h \
	core/smtp/session.c core/smtp/session.h core/smtp/session_state.h core/smtp/stream.c core/smtp/stream.h \
	core/smtp/tls.c core/smtp/tls.h
libsmtp_a_CFLAGS = $(AM_CFLAGS) $(SSL_CFLAGS)

role_PROGRAMS += front
front_SOURCES = core/front.c
front_LDADD = $(mail_LIBS) $(SSL_LIBS)
