#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Counts the cases behind the logs of "make check" in a build folder.

Prints one line, "PASSED FAILED SKIPPED", then for each failed test its name
and the end of its log, then each reason for which cases were skipped.
"""
import pathlib
import re
import sys

LOG_LINES = 60
PYTEST_SUMMARY = re.compile(r"^(?:=+ )?((?:\d+ [a-z]+(?:, )?)+) in [\d.]+s", re.M)
CMOCKA_PASSED = re.compile(r"^\[  PASSED  \] (\d+) test", re.M)
CMOCKA_FAILED = re.compile(r"^\[  FAILED  \] (\d+) test", re.M)
CMOCKA_SKIPPED = re.compile(r"^\[  SKIPPED \] (\d+) test", re.M)
SKIP_REASON = re.compile(r"^SKIPPED \[\d+\] (.*)$", re.M)


def cases(log):
    """(passed, failed, skipped) as the test itself says; None: it does not."""
    summaries = PYTEST_SUMMARY.findall(log)
    if summaries:
        words = dict((word, int(n)) for n, word in re.findall(r"(\d+) ([a-z]+)", summaries[-1]))
        return (words.get("passed", 0), sum(words.get(w, 0) for w in ("failed", "error", "errors")),
                words.get("skipped", 0))
    counts = [sum(map(int, pattern.findall(log)))
              for pattern in (CMOCKA_PASSED, CMOCKA_FAILED, CMOCKA_SKIPPED)]
    return tuple(counts) if any(counts) else None


def judge(result, log):
    """As cases(), made to agree with what the test harness saw."""
    said = cases(log)
    if result == "PASS":
        return said if said and said[1] == 0 else (1, 0, 0)
    if result == "SKIP":
        return (0, 0, max(1, said[2] if said else 1))
    return (said[0], max(1, said[1]), said[2]) if said else (0, 1, 0)


def main(folder):
    total, failures, reasons = [0, 0, 0], [], []
    for trs in sorted(pathlib.Path(folder).rglob("*.trs")):
        result = re.search(r"^:global-test-result: (\w+)", trs.read_text(), re.M)
        log_path = trs.with_suffix(".log")
        log = log_path.read_text(errors="replace") if log_path.exists() else ""
        name = str(trs.relative_to(folder).with_suffix(""))
        counts = judge(result.group(1) if result else "FAIL", log)
        total = [a + b for a, b in zip(total, counts)]
        if counts[1]:
            failures.append((name, log.splitlines()[-LOG_LINES:]))
        if counts[2]:
            reasons += SKIP_REASON.findall(log) or [f"{name}: {(log.splitlines() or [''])[0]}"]
    print(*total)
    for name, lines in failures:
        print(f"FAILED {name}", *("  | " + line for line in lines), sep="\n")
    for reason in reasons:
        print(f"SKIPPED {reason}")


main(sys.argv[1])
