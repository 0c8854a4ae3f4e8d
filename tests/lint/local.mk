# SPDX-License-Identifier: BSD-2-Clause
PYTESTS += tests/lint/test_source.py tests/lint/test_built.py
EXTRA_DIST += tests/lint/tree.py
