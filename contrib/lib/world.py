# SPDX-License-Identifier: BSD-2-Clause
"""What surrounds a mailtri on loopback: authority, sending domains, DNS, and
the outside system its mail leads to.  Demonstration and tests share it."""
import contextlib
import json
import pathlib
import ssl
import threading
import time
import urllib.request

import certs
import sender
from child import Child, Failed
from instance import Bare, Instance
from nameserver import Nameserver

LINEAR = pathlib.Path(__file__).resolve().parents[2] / "tests/fake/linear.py"
HOSTNAME = "mx.mailtri.example"
ADDRESS = "task.linear@mailtri.example"
WAIT_S = 60
LOOK_AGAIN_S = 0.02


def wait_until(found, what, timeout=WAIT_S):
    """What found() returns as soon as that is anything."""
    end = time.monotonic() + timeout
    pause = threading.Event()
    while True:
        result = found()
        if result:
            return result
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {timeout} s")
        pause.wait(LOOK_AGAIN_S)


class Linear:
    """A TLS endpoint that speaks Linear's API, in a process of its own."""

    name, token, team = "api.linear.example", "lin_api_demonstration", "ENG"

    def __init__(self, folder, authority):
        folder.mkdir(parents=True, exist_ok=True)
        self.journal = folder / "issues.jsonl"
        self._authority = authority.path
        certificate, key, self.pin = authority.issue(self.name, "127.0.0.1")
        self.next_pin = certs.pin(certs.new_key("ecdsa"))
        self.child = Child([
            "/usr/bin/python3", str(LINEAR), "--certificate", str(certificate), "--key", str(key),
            "--journal", str(self.journal), "--token", self.token, "--team", self.team,
            "--user", "ann@good.example"], log=folder / "linear.log")
        try:
            line = self.child.wait_line(lambda text: "listening on " in text)
        except BaseException:  # nobody has us yet who could stop it
            self.child.kill()
            raise
        self.address = line.rpartition(" ")[2]

    @property
    def url(self):
        return f"https://{self.address}/graphql"

    def issues(self):
        """What was created, in order."""
        if not self.journal.exists():
            return []
        return [json.loads(line) for line in self.journal.read_text().splitlines()]

    def set_mode(self, mode, count=0, on="all"):
        """Makes the next requests go wrong; tests/fake/linear.py has the modes."""
        self._control({"mode": mode, "count": count, "on": on})

    def forget(self, issue):
        """Deletes an issue, as a person would."""
        self._control({"forget": issue["id"]})

    def set(self, **options):
        """duplicate="error"|"existing", token="...": as the fake's options."""
        self._control(options)

    def mode(self):
        """What is still to go wrong; "ok": nothing."""
        return self._control()["mode"]

    def state(self):
        """Mode, issues, comments, attachments and uploads as they are now, how many
        requests came and how many were in hand at once."""
        return self._control()

    def forget_most(self):
        """Begins anew to count how many requests are in hand at once."""
        self._control({"most": 0})

    def _control(self, wanted=None):
        request = urllib.request.Request(f"https://{self.address}/control",
                                         data=wanted and json.dumps(wanted).encode())
        context = ssl.create_default_context(cafile=str(self._authority))
        with urllib.request.urlopen(request, context=context, timeout=WAIT_S) as answer:
            return json.load(answer)

    def options(self, mailtri):
        """stages.d/linear-dispatch.conf of an instance."""
        return {"endpoint": f"https://{self.name}:{self.address.rpartition(':')[2]}",
                "endpoint_connect": self.address, "endpoint_pin": [self.pin, self.next_pin],
                "endpoint_ca": self._authority, "endpoint_private": True,
                "api_key": mailtri.secret("linear.key", self.token), "team": self.team}

    def stop(self):
        self.child.stop()


class World:
    """A folder with everything in it; close() ends what it started."""

    def __init__(self, folder, programs):
        self.folder, self.programs = pathlib.Path(folder), programs
        self.folder.chmod(0o711)
        self.authority = certs.Authority(self.folder / "certs")
        self.stack = contextlib.ExitStack()
        self.linear = None
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

    def start_linear(self):
        self.linear = Linear(self.folder / "linear", self.authority)
        self.stack.callback(self.linear.stop)

    def stage_options(self, mailtri, allowed):
        """stages.d: these domains may write, and Linear is where it leads."""
        return {"auth": {"group": "checks"},
                "allowlist": {"group": "checks", "allow": allowed},
                "linear-dispatch": self.linear.options(mailtri)}
