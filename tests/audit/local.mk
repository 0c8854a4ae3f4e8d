# SPDX-License-Identifier: BSD-2-Clause
PYTESTS += tests/audit/test_second.py
EXTRA_DIST += tests/audit/second.py
