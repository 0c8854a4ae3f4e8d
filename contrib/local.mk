# SPDX-License-Identifier: BSD-2-Clause
EXTRA_DIST += contrib/mailtri.pc.in contrib/packages contrib/quickstart contrib/check contrib/soak \
	contrib/lib/common.sh contrib/lib/tally.py contrib/lib/demonstrated.py contrib/lib/interrupted.py contrib/lib/kept.py contrib/lib/traces.py \
	contrib/lib/quickstart.py contrib/lib/send.py \
	contrib/lib/certs.py contrib/lib/child.py contrib/lib/instance.py \
	contrib/lib/nameserver.py contrib/lib/sender.py contrib/lib/world.py
EXTRA_DIST += contrib/stage-template/README.md contrib/stage-template/Makefile \
	contrib/stage-template/dnsbl.c contrib/stage-template/test_dnsbl.c \
	contrib/stage-template/dnsbl.conf contrib/stage-template/mailtri-dnsbl.7 \
	contrib/stage-template/debian/changelog contrib/stage-template/debian/control \
	contrib/stage-template/debian/copyright contrib/stage-template/debian/rules \
	contrib/stage-template/debian/source/format tests/package/test_template.py \
	contrib/lib/cleanroot tests/package/machine.py tests/package/test_debian.py
EXTRA_DIST += contrib/debian/build contrib/debian/changelog contrib/debian/control \
	contrib/debian/copyright contrib/debian/mailtri-dev.examples \
	contrib/debian/mailtri-dev.install contrib/debian/mailtri-stage-allowlist.install \
	contrib/debian/mailtri-stage-answer.install \
	contrib/debian/mailtri-stage-auth.install contrib/debian/mailtri-stage-linear-dispatch.install \
	contrib/debian/mailtri-stage-webhook-dispatch.install \
	contrib/debian/mailtri.README.Debian contrib/debian/mailtri.dirs contrib/debian/mailtri.docs \
	contrib/debian/mailtri.install contrib/debian/mailtri.postinst contrib/debian/mailtri.postrm \
	contrib/debian/rules contrib/debian/source/format

# Power cuts, kills and fuzzing for hours: contrib/soak --help.
.PHONY: soak
soak:
	MAILTRI_BUILD="$${MAILTRI_BUILD:-$(abs_top_builddir)}" $(top_srcdir)/contrib/soak
