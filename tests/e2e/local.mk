# SPDX-License-Identifier: BSD-2-Clause
PYTESTS += tests/e2e/test_road.py
EXTRA_DIST += tests/e2e/conftest.py
