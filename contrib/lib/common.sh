# SPDX-License-Identifier: BSD-2-Clause
# Pieces of contrib/quickstart and contrib/check; sourced, not run.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=${MAILTRI_BUILD:-$top/build}
cores=$(nproc 2>/dev/null || echo 2)

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' yellow=$'\e[33m' plain=$'\e[0m'
else
	bold='' green='' red='' yellow='' plain=''
fi

# Progress goes to stderr, so that --json is alone on stdout.
say() { printf '%s\n' "$*" >&2; }
die() { say "${red}$*${plain}"; exit 1; }

# What a command leaves for its time is put away however it ends: by itself, or
# with us, by Ctrl-C.  contrib/soak has its own mind about signals.
undo=''
trap '$undo' EXIT
trap 'exit 130' INT
trap 'exit 129' HUP

undone() { # UNDO COMMAND...
	undo=$1
	shift
	"$@"
	local code=$?
	$undo
	undo=''
	return $code
}

packages_for() {
	local purpose
	for purpose; do sed -n "s/^$purpose: //p" "$top/contrib/packages"; done | tr ' ' '\n'
}

# A program that came another way (npm with somebody's nodejs) is not missing.
packages_missing() {
	local wanted have one
	wanted=$(packages_for "$@" | sort -u)
	have=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | sed -n 's/^ii  *//p' | sort -u)
	for one in $(comm -23 <(echo "$wanted") <(echo "$have")); do
		command -v "$one" >/dev/null || echo "$one"
	done
}

# A package of a service is installed here for its program: none is started,
# now or at the next boot.
policy=/usr/sbin/policy-rc.d
without_services() {
	if [ -e $policy ]; then
		"$@"
	else
		undone "rm -f $policy" services_refused "$@"
	fi
}

services_refused() {
	printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
	"$@"
}

disable_services() {
	local name
	[ -d /run/systemd/system ] || return 0
	for name in unbound postfix opendkim opendmarc; do
		case " $* " in *" $name "*) systemctl disable --now "$name" >/dev/null 2>&1 ;; esac
	done
	return 0
}

# packages_install LOG PURPOSE...
packages_install() {
	local log=$1 missing
	shift
	command -v dpkg-query >/dev/null || { say "not Debian: the packages of contrib/packages are taken to be there"; return 0; }
	missing=$(packages_missing "$@" | tr '\n' ' ')
	[ -n "${missing// /}" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		say "missing, and installing needs root:  apt-get install $missing"
		return 1
	fi
	say "installing: $missing"
	export DEBIAN_FRONTEND=noninteractive
	{
		apt-get -o DPkg::Lock::Timeout=300 -q update
		# shellcheck disable=SC2086
		without_services apt-get -o DPkg::Lock::Timeout=300 -q install -y \
			--no-install-recommends $missing
	} >"$log" 2>&1 </dev/null || { tail -n 20 "$log" >&2; return 1; }
	# shellcheck disable=SC2086
	disable_services $missing
}

# build_in FOLDER LOG CONFIGURE-OPTION...: configured and made there; make
# itself knows what changed since the last time.
build_in() {
	local folder=$1 log=$2
	shift 2
	mkdir -p "$folder" "$(dirname "$log")"
	(
		[ -x "$top/configure" ] || { cd "$top" && autoreconf -fi; } || exit 1
		if [ ! -f "$folder/Makefile" ] || [ "$(cat "$folder/.options")" != "$*" ]; then
			cd "$folder" && "$top/configure" "$@" || exit 1
			printf '%s' "$*" >.options
		fi
		make -C "$folder" -j"$cores"
	) >"$log" 2>&1 </dev/null || { tail -n 30 "$log" >&2; return 1; }
}
