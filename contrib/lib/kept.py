#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs contrib/quickstart --keep, then does what it says: sends a mail of
one's own, looks, stops it; and looks for what is left."""
import json
import os
import re
import select
import shlex
import subprocess
import sys
import tempfile

from instance import ROLES, descendants
from traces import alive, files, processes

WAIT_S = 60


def told(page, what):
    """The words of the command behind a name at the end of the page."""
    line = re.search(rf"^  {what} +(.*)$", page.partition("It is left running")[2], re.M)
    return shlex.split(line.group(1))


def run(words):
    return subprocess.run(words, capture_output=True, text=True, timeout=WAIT_S, check=False)


def stop(words):
    """Follows the advice, and waits for whom it ends."""
    watched = os.pidfd_open(int(words[-1]))
    assert run(words).returncode == 0
    assert select.select([watched], [], [], WAIT_S)[0], "it does not end"
    os.close(watched)


def main(quickstart):
    with tempfile.TemporaryDirectory(prefix="mailtri-kept-") as folder:
        os.chmod(folder, 0o711)  # the roles are not root
        out = subprocess.run([quickstart, "--keep"], capture_output=True, text=True, check=False,
                             env={**os.environ, "TMPDIR": folder})
        print(out.stderr)
        assert out.returncode == 0, out.stdout
        sent = run(told(out.stdout, "send"))
        print(sent.stdout, sent.stderr)
        status = run([*told(out.stdout, "look"), "--json"])
        kill = told(out.stdout, "stop")
        family = descendants(int(kill[-1]))
        stop(kill)
        left = processes(folder), alive(family), files(folder)
    print(f"running then={len(family)} left={left}")
    assert sent.returncode == 0 and sent.stdout.startswith("250 ")
    assert json.loads(status.stdout)["audit"]["records"] > 5
    assert len(family) > len(ROLES) and left == ([], [], [])


main(sys.argv[1])
