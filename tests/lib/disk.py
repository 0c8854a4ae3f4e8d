# SPDX-License-Identifier: BSD-2-Clause
"""A file system in a file, and the moment its power goes: nothing that was
not synced survives."""
import fcntl
import os
import shutil
import struct
import subprocess
import time

from child import Failed
from world import wait_until

# _IOR('X', 125, __u32): XFS_IOC_GOINGDOWN, EXT4_IOC_SHUTDOWN.
SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2
SIZE = 512 << 20  # XFS takes nothing below 300 MiB; the file is sparse
MOUNT = {"ext4": "loop", "xfs": "loop,nouuid"}  # a copy of a disk has its UUID
MAKE = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}


class Disk:
    """One loop-mounted file system with its default mount options."""

    def __init__(self, folder, kind):
        self.kind, self.image, self.at = kind, folder / f"{kind}.img", folder / kind
        folder.mkdir(parents=True, exist_ok=True)
        self.at.mkdir(exist_ok=True)

    def make(self):
        with open(self.image, "wb") as f:
            f.truncate(SIZE)
        self._run([*MAKE[self.kind], self.image])

    @staticmethod
    def _run(argv):
        out = subprocess.run(argv, capture_output=True, text=True, check=False)
        if out.returncode != 0:
            raise Failed(f"{' '.join(map(str, argv))}: {out.stderr.strip()}")

    def mount(self):
        """Recovers what the journal of the file system has."""
        self._run(["mount", "-t", self.kind, "-o", MOUNT[self.kind], self.image, self.at])

    def unmount(self):
        """Once the last process that was killed has let go of it."""
        def done():
            return subprocess.run(["umount", self.at], capture_output=True, check=False).returncode == 0
        wait_until(done, f"unmounting {self.at}")
        if self._is_held():
            moved = self.image.with_suffix(f".{time.monotonic_ns()}")
            self._run(["cp", "--sparse=always", self.image, moved])
            self.image.unlink()
            self.image = moved

    def _is_held(self):
        """Somebody's mount namespace, made meanwhile, has the file system that
        was shut down: mounting the same file again would give just that."""
        return subprocess.run(["losetup", "-j", self.image], capture_output=True,
                              check=False).stdout != b""

    def cut(self):
        """From here on nothing reaches the disk, not even the log in memory."""
        folder = os.open(self.at, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(folder)

    def close(self):
        subprocess.run(["umount", "-l", self.at], capture_output=True, check=False)
        self.image.unlink(missing_ok=True)
        shutil.rmtree(self.at, ignore_errors=True)


def missing(kind):
    """Why no such file system can be cut here; None: it can."""
    if os.getuid() != 0:
        return "a file system can only be mounted by root"
    if shutil.which(MAKE[kind][0], path="/usr/sbin:/sbin") is None:
        return f"{MAKE[kind][0]} is not installed"
    return None
