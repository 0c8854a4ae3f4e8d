# SPDX-License-Identifier: BSD-2-Clause
EXTRA_DIST += contrib/mailtri.pc.in contrib/packages contrib/quickstart contrib/check \
	contrib/lib/common.sh contrib/lib/tally.py contrib/lib/demonstrated.py contrib/lib/interrupted.py \
	contrib/lib/quickstart.py contrib/lib/send.py \
	contrib/lib/certs.py contrib/lib/child.py contrib/lib/instance.py \
	contrib/lib/nameserver.py contrib/lib/sender.py contrib/lib/world.py
