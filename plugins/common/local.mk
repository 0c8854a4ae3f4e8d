# SPDX-License-Identifier: BSD-2-Clause
# What several stages need and none exports: each compiles its own.
common_sources = plugins/common/field.c plugins/common/field.h \
	plugins/common/mailbox.c plugins/common/mailbox.h \
	plugins/common/text.c plugins/common/text.h \
	plugins/common/utf8.c plugins/common/utf8.h \
	plugins/common/word.c plugins/common/word.h
