# SPDX-License-Identifier: BSD-2-Clause
"""CPU, memory and system calls of running processes."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess

from instance import descendants

TICKS = os.sysconf("SC_CLK_TCK")


def thread_ns(pid):
    """CPU of a process that lives, in ns."""
    total = 0
    with contextlib.suppress(OSError):
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total


def tree(pids):
    return [one for pid in pids for one in [pid, *descendants(pid)]]


def tree_ns(pids):
    """CPU of processes and of all their children, those included that have
    ended, to one tick each."""
    total = 0
    for one in tree(pids):
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{one}/stat").read_text().rpartition(") ")[2].split()
            total += sum(map(int, fields[11:15])) * 1_000_000_000 // TICKS
    return total


def memory_mib(pids):
    """Proportional set size: pages that are shared count once in all."""
    total = 0
    for one in tree(pids):
        with contextlib.suppress(OSError, AttributeError):
            text = pathlib.Path(f"/proc/{one}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1])
    return total / 1024


class Calls:
    """System calls between entering and leaving: .count, None without strace.
    What is traced is slow, so this is no round whose time counts."""

    def __init__(self, pids, folder):
        self.pids, self.out = pids, pathlib.Path(folder) / "calls"
        self.process, self.count = None, None

    def __enter__(self):
        if shutil.which("strace") is None:
            return self
        pids = [x for pid in tree(self.pids) for x in ("-p", str(pid))]
        self.process = subprocess.Popen(  # pylint: disable=R1732
            ["strace", "-f", "-c", "-o", self.out, *pids], stderr=subprocess.PIPE, text=True)
        for _ in pids[::2]:  # "Process N attached", once each
            self.process.stderr.readline()
        return self

    def __exit__(self, *_):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        self.process.communicate()
        for line in self.out.read_text().splitlines():
            if line.endswith(" total"):  # share, seconds, us a call, calls, [errors]
                self.count = int(line.split()[3])
