# SPDX-License-Identifier: BSD-2-Clause
"""A role's real program with this process as its engine: one channel, one
settings block, frames back and forth."""
import contextlib
import fcntl
import os
import pathlib
import signal
import socket

import pack

BUILD = pathlib.Path(os.environ.get("top_builddir") or pathlib.Path(__file__).parents[2]).resolve()
WAIT_S = 30
HIGH_FD = 200  # above every number the child is to see


def _spawn(argv, fds):
    """Starts argv with descriptors as fds says: {number there: number here}."""
    high = {there: fcntl.fcntl(here, fcntl.F_DUPFD_CLOEXEC, HIGH_FD)
            for there, here in fds.items()}
    actions = [(os.POSIX_SPAWN_DUP2, here, there) for there, here in high.items()]
    try:
        return os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
    finally:
        for fd in high.values():
            os.close(fd)


class Role:
    """with Role("parser") as role: it has said READY."""

    def __init__(self, name, settings=b""):
        self.sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        memfd, secrets = pack.memfd(settings), pack.memfd(b"")
        self.pid = _spawn([str(BUILD / name), name],
                          {3: theirs.fileno(), 4: memfd, 5: secrets})
        self.status = None
        theirs.close()
        os.close(memfd)
        os.close(secrets)
        self.sock.settimeout(WAIT_S)
        assert self.receive().kind == pack.READY

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.ended()

    def send(self, kind, ident, body=b"", fds=()):
        pack.frame_send(self.sock, kind, ident, body, fds)

    def receive(self):
        frame = pack.frame_recv(self.sock)
        assert frame is not None, "the program ended"
        return frame

    def ended(self):
        """Waits for the end: what waitstatus_to_exitcode() makes of it."""
        if self.status is None:
            _, status = os.waitpid(self.pid, 0)
            self.status = os.waitstatus_to_exitcode(status)
        return self.status
