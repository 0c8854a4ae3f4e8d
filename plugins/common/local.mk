# SPDX-License-Identifier: BSD-2-Clause
# What several stages need and none exports: each compiles its own.
common_sources = plugins/common/utf8.c plugins/common/utf8.h \
	plugins/common/word.c plugins/common/word.h
