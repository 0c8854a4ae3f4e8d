# SPDX-License-Identifier: BSD-2-Clause
"""The result of a run for people: aligned, and coloured on a terminal."""
import os
import sys

COLUMNS = (("cpu_us", "CPU µs", 0), ("ratio", "× mailtri", 1), ("per_second", "mails/s", 0),
           ("p50_ms", "p50 ms", 1), ("p99_ms", "p99 ms", 1), ("memory_mib", "PSS MiB", 0),
           ("calls", "calls", 0), ("note", "", None))
BOLD, GREEN, RED, PLAIN = "\033[1m", "\033[32m", "\033[31m", "\033[0m"


def coloured(text, colour):
    on = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return f"{colour}{text}{PLAIN}" if on else text


def cell(value, digits):
    if value is None:
        return "-"
    return value if digits is None else f"{value:.{digits}f}"


def show_roles(result):
    print(coloured(f"{'role':<24}{'µs a mail':>10}{'budget':>10}", BOLD))
    for name, value in result["roles_us"].items():
        limit = result["budget_us"].get(name.partition(":")[0])
        line = f"{name:<24}{value:>10.1f}{cell(limit, 0):>10}"
        over = limit is not None and not result["within_budget"][name.partition(":")[0]]
        print(coloured(line, RED) if over else line)
    total = result["servers"]["mailtri"]["cpu_us"]
    print(coloured(f"{'sum':<24}{total:>10.1f}{result['limit_us']:>10.0f}",
                   GREEN if total <= result["limit_us"] else RED))
    rate, least = result["servers"]["mailtri"]["per_second"], result["limit_per_second"]
    print(coloured(f"{'mails a second':<24}{rate:>10.0f}{least:>10.0f}",
                   GREEN if rate >= least else RED))


def show(result):
    print(result["what"] + "\n")
    show_roles(result)
    print("\n" + coloured(f"{'':<28}" + "".join(f"{title:>11}" for _, title, _ in COLUMNS), BOLD))
    for name, row in result["servers"].items():
        print(f"{name:<28}" + "".join(
            f"{cell(row.get(key), digits):>11}" if digits is not None else f"  {row.get(key, '')}"
            for key, _, digits in COLUMNS))
