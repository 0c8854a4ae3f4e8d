#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""One pytest file as one test of "make check": 77, which is "skipped", where
pytest is not installed or every case of the file was skipped."""
import os
import sys

SKIPPED = 77
top = os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True  # the source may be read-only (make distcheck)
sys.path[:0] = [os.path.join(top, "contrib", "lib"), os.path.join(top, "tests", "lib")]

try:
    import pytest
except ImportError:
    print("python3-pytest is missing")
    sys.exit(SKIPPED)


class Outcome:
    """Whether any case ran to its end."""
    ran = False

    def pytest_runtest_logreport(self, report):
        if not report.skipped and report.when == "call" or report.failed:
            self.ran = True


def main():
    outcome = Outcome()
    code = pytest.main(["-q", "-rs", "-p", "no:cacheprovider", "--tb=short", *sys.argv[1:]],
                       plugins=[outcome])
    return SKIPPED if code == 0 and not outcome.ran else int(code)


sys.exit(main())
