# SPDX-License-Identifier: BSD-2-Clause
"""Where benches run: a network of their own, and mailtri in it."""
import os
import subprocess
import sys
import tempfile

from instance import Bare
from measure import thread_ns

ADDRESS, NETWORK, DNS_PORT = "198.51.100.1", "198.51.100.0/24", 53
SOURCE = "198.51.100."
RECIPIENT = "task.linear@mailtri.example"
INSIDE = "MAILTRI_BENCH_INSIDE"


def root_is_needed():
    if os.getuid() != 0:
        sys.exit("bench: root is needed, for a network namespace and for Postfix")


def enter_namespace():
    """A network of our own: lo and nothing else, so that nothing can leave
    it, and so that port 53 and /etc/resolv.conf are ours to set."""
    if os.environ.get(INSIDE):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["ip", "addr", "add", f"{ADDRESS}/24", "dev", "lo"], check=True)
        with tempfile.NamedTemporaryFile("w", delete=False) as resolv:
            resolv.write("nameserver 127.0.0.1\n")
        os.chmod(resolv.name, 0o644)
        subprocess.run(["mount", "--bind", resolv.name, "/etc/resolv.conf"], check=True)
        return
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "-n", "-m", "/usr/bin/python3", *sys.argv])


class Mailtri:
    """mailtri as one of those that are measured; its ways differ in how the
    generator speaks with it."""

    def __init__(self, world, allowed):
        self.instance = world.instance()
        self.instance.listen = {f'listen "{ADDRESS}:{self.instance.port}"': {
            "tls": Bare("offered")}}
        self.instance.configure(
            world.core_options(
                limits={"connections_per_client": 1000},
                **{f'route "{RECIPIENT}"': {"intents": ["create_task"]}}),
            {"auth": {"group": "checks"},
             "allowlist": {"group": "checks", "allow": allowed}})
        self.instance.start()
        self.port = self.instance.port

    def pids(self):
        return [self.instance.child.pid]

    def roles_ns(self):
        """{role: CPU}; the instances of a role together."""
        return {"mailtrid": thread_ns(self.instance.child.pid),
                **{name: sum(map(thread_ns, pids))
                   for name, pids in self.instance.roles().items()}}
