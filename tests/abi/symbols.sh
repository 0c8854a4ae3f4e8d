#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A built stage exports its entry and nothing else; auth may also define the
# one function of libcrypto behind its key cache.
set -eu
status=0
seen=0
for stage in "$top_builddir"/.libs/*.so "$top_builddir"/plugins/*/.libs/*.so; do
	[ -f "$stage" ] || continue
	case $stage in
	*/auth.so) allowed='mailtri_stage_v1|d2i_PUBKEY_bio' ;;
	*) allowed='mailtri_stage_v1' ;;
	esac
	exported=$(nm -D --defined-only --format=posix "$stage" | cut -d' ' -f1)
	seen=$((seen + 1))
	if ! echo "$exported" | grep -qx mailtri_stage_v1; then
		echo "FAIL: $stage does not export mailtri_stage_v1"
		status=1
	fi
	surplus=$(echo "$exported" | grep -vxE "$allowed" || true)
	if [ -n "$surplus" ]; then
		echo "FAIL: $stage also exports:" $surplus
		status=1
	fi
done
echo "$seen stages looked at"
[ "$seen" -gt 0 ] || exit 77
exit $status
