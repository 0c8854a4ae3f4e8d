# SPDX-License-Identifier: BSD-2-Clause
"""File systems and machines that cost nothing: overlays that are thrown away,
and a Debian that boots under systemd in one."""
import contextlib
import os
import pathlib
import shutil
import subprocess

from child import Child
from instance import descendants
from world import wait_until

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root",
               "DEBIAN_FRONTEND": "noninteractive"}
RUN_S = 300


def call(argv, **options):
    return subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=RUN_S,
                          check=False, stdin=subprocess.DEVNULL, **options)


def must(out):
    assert out.returncode == 0, f"{out.args}: exit {out.returncode}\n{out.stdout}{out.stderr}"
    return out.stdout


class Overlay:
    """A writable copy of a root folder; what is written lies in a tmpfs."""

    def __init__(self, folder, lower):
        self.folder = pathlib.Path(folder)
        self.root = self.folder / "root"
        self.stack = contextlib.ExitStack()
        self.folder.mkdir(parents=True)
        self._mount("-t", "tmpfs", "-o", "size=2g,mode=755", "mailtri-test", self.folder)
        try:
            for name in ("up", "work", "root"):
                (self.folder / name).mkdir()
            self._mount("-t", "overlay", "-o", f"lowerdir={lower},upperdir={self.folder}/up,"
                        f"workdir={self.folder}/work", "mailtri-test", self.root)
        except BaseException:
            self.close()
            raise

    def _mount(self, *arguments):
        must(call(["mount", *arguments]))
        self.stack.callback(call, ["umount", "-l", arguments[-1]])

    def run(self, *argv):
        """With /proc and /dev as long as it runs."""
        return call(["unshare", "--mount", "sh", "-c", "mount -t proc proc \"$0/proc\" && "
                     "mount --rbind /dev \"$0/dev\" && exec chroot \"$0\" \"$@\"", self.root,
                     *argv], env=ENVIRONMENT)

    def sh(self, script):
        return must(self.run("sh", "-ec", script))

    def copy(self, files, to):
        at = self.root / to.lstrip("/")
        at.mkdir(parents=True, exist_ok=True)
        for file in files:
            shutil.copy(file, at)

    def close(self):
        self.stack.close()
        with contextlib.suppress(OSError):
            self.folder.rmdir()


class Machine:
    """The overlay's root, booted; it shares the network of this machine."""

    def __init__(self, overlay):
        self.overlay, self.root = overlay, overlay.root
        self.child = Child(["systemd-nspawn", "--keep-unit", "--register=no", "--quiet",
                            "--console=pipe", "--directory", str(overlay.root), "--boot",
                            "systemd.unit=multi-user.target"], log=overlay.folder / "boot.log",
                           env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"})
        self.init = wait_until(self._first, "the machine's first process")
        wait_until(lambda: self.run("systemctl", "is-system-running").stdout.strip()
                   in ("running", "degraded"), "the end of the boot", 120)

    def _first(self):
        found = [pid for pid in descendants(self.child.pid) if self._is_init(pid)]
        return found[0] if found else None

    @staticmethod
    def _is_init(pid):
        with contextlib.suppress(OSError):
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            return any(line.startswith("NSpid:") and line.split()[-1] == "1" and
                       len(line.split()) > 2 for line in status.splitlines())
        return False

    def run(self, *argv):
        return call(["nsenter", "--target", self.init, "--mount", "--uts", "--ipc", "--pid",
                     "--cgroup", "--root", "--wd", "--", *argv], env=ENVIRONMENT)

    def sh(self, script):
        return must(self.run("sh", "-ec", script))

    def stop(self):
        self.run("systemctl", "--no-block", "poweroff")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.process.wait(60)
        self.child.stop()
