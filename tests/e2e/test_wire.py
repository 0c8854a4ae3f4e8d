# SPDX-License-Identifier: BSD-2-Clause
"""What the kernel is told of a connection, asked of the front's own socket."""
import contextlib
import ctypes
import os
import pathlib
import socket

import pytest

PIDFD_GETFD = 438  # on every architecture


def duplicate(pidfd, number):
    """Another process's descriptor as a socket of ours; None: it is none."""
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(PIDFD_GETFD, pidfd, number, 0)
    if fd < 0:
        if ctypes.get_errno() == 1:
            pytest.skip("the kernel shows no descriptors of others")
        return None
    try:
        return socket.socket(fileno=fd)
    except OSError:
        os.close(fd)
        return None


def connections(pid, address):
    """TCP sockets of a process whose other end is that address."""
    with contextlib.ExitStack() as stack:
        pidfd = os.pidfd_open(pid)
        stack.callback(os.close, pidfd)
        for path in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            made = duplicate(pidfd, int(path.name))
            if made is None:
                continue
            stack.enter_context(made)
            with contextlib.suppress(OSError):
                if made.getpeername() == address:
                    yield made


@pytest.mark.skipif(os.getuid() != 0, reason="looks into another process")
def test_replies_are_not_held_back(stand):
    """TCP_NODELAY: a reply does not wait for the client's acknowledgement."""
    with socket.create_connection(("127.0.0.1", stand.mailtri.port)) as ours:
        assert ours.recv(100).startswith(b"220 ")
        (front,) = stand.mailtri.roles()["front"]
        found = [theirs.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                 for theirs in connections(front, ours.getsockname())]
    assert found == [1]
