# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libmail.a
libmail_a_SOURCES = core/mail/edit.h core/mail/envelope.h core/mail/fact.h core/mail/view.h 
