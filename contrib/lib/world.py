# SPDX-License-Identifier: BSD-2-Clause
"""What surrounds a mailtri on loopback: authority, sending domains, DNS, and
the outside system its mail leads to.  Demonstration and tests share it."""
import contextlib
import pathlib
import threading
import time

import certs
import sender
from child import Failed
from instance import Bare, Instance
from nameserver import Nameserver

HOSTNAME = "mx.mailtri.example"
ADDRESS = "task.linear@mailtri.example"
WAIT_S = 60
LOOK_AGAIN_S = 0.02


def wait_until(found, what, timeout=WAIT_S):
    """What found() returns as soon as it is neither None nor False."""
    end = time.monotonic() + timeout
    pause = threading.Event()
    while True:
        result = found()
        if result is not None and result is not False:
            return result
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {timeout} s")
        pause.wait(LOOK_AGAIN_S)


class World:
    """A folder with everything in it; close() ends what it started."""

    def __init__(self, folder, programs):
        self.folder, self.programs = pathlib.Path(folder), programs
        self.folder.chmod(0o711)
        self.authority = certs.Authority(self.folder / "certs")
        self.stack = contextlib.ExitStack()
        self.nameserver = Nameserver(self.folder / "dns")
        self.stack.callback(self.nameserver.stop)
        self.pairs = [self.authority.issue(HOSTNAME, "127.0.0.1", kind=kind)
                      for kind in ("ecdsa", "rsa")]

    def close(self):
        self.stack.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def instance(self, name="mailtri"):
        made = Instance(self.folder / name, self.programs, HOSTNAME)
        self.stack.callback(made.kill)
        return made

    def client(self, instance, helo="mx.good.example", source="127.0.0.1"):
        return sender.Client(instance.port, helo, self.authority.path, source)

    def core_options(self, **changes):
        """mailtri.conf for this world; changes replace sections and options."""
        certificates = [certificate for certificate, _, _ in self.pairs]
        keys = [key for _, key, _ in self.pairs]
        return {
            "tls": {"certificate": certificates, "key": keys},
            "resolver": {"nameservers": [self.nameserver.setting]},
            "pipeline": ["auth", "allowlist"],
            f'route "{ADDRESS}"': {"intents": ["create_task"], "deliver": ["linear-dispatch"],
                                   "retain": Bare("90d")},
            **changes,
        }
