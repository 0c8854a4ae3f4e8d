#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The installed headers alone compile as strict C11 and as C++, in any order.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
include="-I$top_srcdir/include -I$top_builddir/include"
status=0

# compile NAME COMPILER FLAGS...: the source is standard input
compile() {
	name=$1
	shift
	if "$@" -Wall -Wextra -Wpedantic -Werror $include -c -o "$work/out.o" -; then
		echo "ok: $name"
	else
		echo "FAIL: $name"
		status=1
	fi
}

for header in stage stage_test; do
	compile "$header.h, C11" "${CC:-cc}" -std=c11 -Wconversion -Wshadow \
	    -Wstrict-prototypes -Wcast-qual -Wundef -x c <<-END
		#include <mailtri/$header.h>
		#include <mailtri/$header.h>
		extern int unused;
	END
	command -v "${CXX:-c++}" >/dev/null 2>&1 || continue
	compile "$header.h, C++11" "${CXX:-c++}" -std=c++11 -x c++ <<-END
		#include <mailtri/$header.h>
		#include <mailtri/$header.h>
		extern int unused;
	END
done

# A stage in each language, from the installed headers alone.
compile "a stage in C11" "${CC:-cc}" -std=c11 -x c <<'END'
#include <mailtri/stage.h>
static int
open_it(const struct mt_host *h, const struct mt_conf *c, void **ctx, struct mt_result *why)
{
	(void)h; (void)c; (void)ctx; (void)why;
	return 0;
}
MT_STAGE(sample, .name = "sample", .version = "1", .summary = "A sample", .open = open_it);
END
compile "a stage in C++" "${CXX:-c++}" -std=c++11 -x c++ <<'END'
#include <mailtri/stage.h>
extern "C" MT_EXPORT const struct mt_stage *mailtri_stage_v1(void);
extern "C" MT_EXPORT const struct mt_stage *
mailtri_stage_v1(void)
{
	static mt_stage stage;
	stage.size = sizeof(stage);
	stage.abi_major = MT_ABI_MAJOR;
	stage.name = "sample";
	return &stage;
}
END
exit $status
