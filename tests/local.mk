# SPDX-License-Identifier: BSD-2-Clause
# Python tests are pytest files named in PYTESTS by the folder that has them;
# tests/run.py runs each as one test, contrib/lib and tests/lib are on its path.
EXTRA_DIST += tests/run.py tests/fuzz/corpus
noinst_HEADERS += tests/unit/test.h

include tests/abi/local.mk
include tests/audit/local.mk
include tests/bench/local.mk
include tests/e2e/local.mk
include tests/fault/local.mk
include tests/lint/local.mk
include tests/stages/local.mk
include tests/contract/local.mk
