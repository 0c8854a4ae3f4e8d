#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Interrupts contrib/quickstart in each of its parts, and what makes the
packages, as Ctrl-C does, and looks for what was left behind: a process, a
folder, a file of the system's."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from traces import files, processes

STOP_S = 60
APT = """#!/bin/sh
case "$*" in *install*) echo installing >"$TMPDIR/said"; exec cat "$TMPDIR/never" ;; esac
"""


class Run:
    """A command of a session of its own, with a folder for what it leaves."""

    def __init__(self, folder, argv, **environment):
        self.folder = folder
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True,
                                        env={**os.environ, "TMPDIR": str(folder), **environment})

    def says(self, words):
        return any(words in line for line in self.process.stdout)

    def until(self, found):
        """Looks again and again, while it runs."""
        while self.process.poll() is None:
            if found():
                return True
        return False

    def interrupt(self):
        """(exit status, processes left); a signal's number is negative."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.stdout.read()
        status = self.process.wait(STOP_S)
        return status, processes(self.folder, self.process.pid)


def has(path, words):
    return path.exists() and words in path.read_text(errors="replace")


def packages(folder, quickstart):
    """While a package is installed, by an apt-get of ours; the file that keeps
    services from starting is one of ours, too."""
    tools, policy = folder / "tools", folder / "policy-rc.d"
    tools.mkdir()
    for name, text in (("apt-get", APT), ("dpkg-query", "#!/bin/sh\n")):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    os.mkfifo(folder / "never")
    script = (f". {pathlib.Path(quickstart).parent}/lib/common.sh\npolicy={policy}\n"
              f"id() {{ echo 0; }}\npackages_install {folder}/log build demo\necho went on\n")
    run = Run(folder, ["bash", "-c", script], PATH=f"{tools}:{os.environ['PATH']}")
    begun = run.until(lambda: (folder / "said").exists()) and policy.exists()
    return begun, run.interrupt(), [str(policy)] if policy.exists() else []


def build(folder, quickstart):
    (folder / "tmp").mkdir()
    run = Run(folder, [quickstart], MAILTRI_BUILD=str(folder / "build"), TMPDIR=str(folder / "tmp"))
    log = folder / "build/quickstart-logs/build.log"
    begun = run.until(lambda: has(log, "checking for"))
    return begun, run.interrupt(), files(folder / "tmp")


def first_process(folder, quickstart):
    run = Run(folder, [quickstart])
    begun = run.says("mailtri on loopback") and run.until(lambda: processes(folder))
    return begun, run.interrupt(), files(folder)


def mails(folder, quickstart):
    run = Run(folder, [quickstart])
    begun = run.says("The same mail again")
    return begun, run.interrupt(), files(folder)


def kept(folder, quickstart):
    run = Run(folder, [quickstart, "--keep"])
    begun = run.says("The same mail again")
    return begun, run.interrupt(), files(folder)


def debs(folder, quickstart):
    run = Run(folder, [pathlib.Path(quickstart).parent / "debian/build", folder / "out"])
    begun = run.until(lambda: list(folder.glob("mailtri-deb.*/dist/config.log")))
    return begun, run.interrupt(), [str(path) for path in folder.glob("mailtri-deb.*")]


def main(quickstart):
    failed = 0
    signal.signal(signal.SIGINT, signal.default_int_handler)  # who is in the background ignores it
    for part in (packages, build, first_process, mails, kept, debs):
        with tempfile.TemporaryDirectory(prefix="mailtri-interrupted-") as folder:
            os.chmod(folder, 0o711)  # the roles are not root
            begun, (status, left), found = part(pathlib.Path(folder), quickstart)
        print(f"{part.__name__}: begun={bool(begun)} status={status} processes left={left} files left={found}")
        failed += not begun or status == 0 or bool(left) or bool(found)
    return 1 if failed else 0


sys.exit(main(sys.argv[1]))
