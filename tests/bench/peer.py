# SPDX-License-Identifier: BSD-2-Clause
"""What a user would run instead of mailtri, one class a kind."""
import pathlib
import shutil
import socket
import tempfile


def address_answers(address, port):
    try:
        socket.create_connection((address, port), 1).close()
    except OSError:
        return False
    return True


class Peer:
    """Daemons in a folder; close() ends them."""

    port = 25
    label = ""
    programs = {}  # {program: its Debian package}
    load_options = ()

    def __init__(self, address, recipient):
        self.address, self.domain = address, recipient.partition("@")[2]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mailtri-peer-"))
        self.folder.chmod(0o755)
        self.children = []

    @classmethod
    def missing(cls):
        """Packages without which it cannot run."""
        return sorted({package for program, package in cls.programs.items()
                       if not shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")})

    @classmethod
    def prepare(cls):
        """What it needs of the network, before there is none."""

    def start(self):
        raise NotImplementedError

    def empty(self):
        """Whether everything accepted was dealt with by now."""
        return True

    def close(self):
        for child in reversed(self.children):
            child.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
