#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Interrupts contrib/quickstart in the middle, as Ctrl-C does, and looks for
what it left behind: a process, a folder."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

STOP_S = 60


def mentions(folder):
    """Processes whose command line names the folder."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            pass
    return found


def main(quickstart):
    with tempfile.TemporaryDirectory(prefix="mailtri-interrupted-") as folder:
        os.chmod(folder, 0o711)  # the roles are not root
        process = subprocess.Popen([quickstart], stdout=subprocess.PIPE, text=True,
                                   start_new_session=True, env={**os.environ, "TMPDIR": folder})
        begun = any(line.startswith("mailtri on loopback") for line in process.stdout)
        left = 0
        while begun and left == 0 and process.poll() is None:  # its first process
            left = len(mentions(folder))
        os.killpg(process.pid, signal.SIGINT)
        process.stdout.read()
        status = process.wait(STOP_S)
        processes, files = mentions(folder), os.listdir(folder)
    print(f"begun={begun} running then={left} status={status} "
          f"processes left={processes} files left={files}")
    return 0 if begun and left and status and not processes and not files else 1


sys.exit(main(sys.argv[1]))
