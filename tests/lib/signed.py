# SPDX-License-Identifier: BSD-2-Clause
"""A real, authoritative DNS server with signed zones: unbound on loopback, keys
and signatures by ldns.  A parent with a key to trust, and zones below it,
signed rightly, not at all, or spoilt in one way each."""
import datetime
import os
import re
import shutil
import socket
import subprocess

from child import Child, Failed, free_port
from nameserver import TRIES, _records, find_unbound

PARENT = "dnssec.example"
ABOVE = "example"  # unsigned; what is asked on the way up does not exist
ALGORITHM = "ECDSAP256SHA256"
TOOLS = ("ldns-keygen", "ldns-signzone")
NEVER_SIGNED, NOT_SIGNED, OTHER_KEY, EXPIRED = "never", "not", "other key", "expired"


def missing_tools():
    return [tool for tool in TOOLS if shutil.which(tool) is None]


class Zone:
    """One zone; spoilt: how its signatures are no good, or None."""

    def __init__(self, name, records, spoilt=None, alter=None, unsign=None):
        self.name, self.records, self.spoilt = name, records, spoilt
        self.alter = alter  # (name, old, new): a text changed after the signature
        self.unsign = unsign  # names of NSEC and NSEC3 records taken away

    def text(self, delegations=()):
        lines = [f"{self.name}. 60 IN SOA ns.{self.name}. root.{self.name}. 1 60 60 600 60",
                 f"{self.name}. 60 IN NS ns.{self.name}.", f"ns.{self.name}. 60 IN A 127.0.0.1"]
        for name, types in self.records.items():
            lines += [line for line in _records(name, types) if " IN NS " not in line]
        return "\n".join([*lines, *delegations, ""])


class SignedServer:
    """Serves PARENT and the zones below until stop()."""

    address = "127.0.0.1"

    def __init__(self, folder, zones):
        folder.mkdir(parents=True)
        folder.chmod(0o755)
        self.folder, self.port, self.child = folder, 0, None
        self._files = {}
        delegations = []
        for zone in zones:
            delegations += [f"{zone.name}. 60 IN NS ns.{zone.name}.",
                            f"ns.{zone.name}. 60 IN A 127.0.0.1"]
            key = self._key(zone.name)
            self._files[zone.name] = self._write(zone, key)
            if zone.spoilt != NEVER_SIGNED:
                trusted = self._key(zone.name) if zone.spoilt == OTHER_KEY else key
                delegations.append((folder / f"{trusted}.ds").read_text().strip())
        parent, key = Zone(PARENT, {}), self._key(PARENT)
        self._files[ABOVE] = self._write(Zone(ABOVE, {}, NOT_SIGNED), None)
        self._files[PARENT] = self._sign(parent, key, parent.text(delegations))
        self.anchor = folder / "anchor"
        self.anchor.write_text((folder / f"{key}.ds").read_text())
        self.anchor.chmod(0o644)
        self._start()

    @property
    def setting(self):
        return f"{self.address}@{self.port}"

    def _run(self, *argv):
        return subprocess.run(argv, cwd=self.folder, check=True, capture_output=True, text=True,
                              timeout=60).stdout.strip()

    def _key(self, zone):
        return self._run("ldns-keygen", "-k", "-a", ALGORITHM, zone)

    def _write(self, zone, key):
        if zone.spoilt in (NEVER_SIGNED, NOT_SIGNED):
            path = self.folder / f"{zone.name}.zone"
            path.write_text(zone.text())
            return path
        return self._sign(zone, key, zone.text())

    def _sign(self, zone, key, text):
        plain, signed = self.folder / f"{zone.name}.plain", self.folder / f"{zone.name}.zone"
        plain.write_text(text)
        today = datetime.date.today()
        days = (-30, -10) if zone.spoilt == EXPIRED else (-2, 20)
        since, until = ((today + datetime.timedelta(days=d)).strftime("%Y%m%d") for d in days)
        self._run("ldns-signzone", "-i", since, "-e", until, "-f", str(signed), str(plain), key)
        if zone.alter or zone.unsign:
            signed.write_text(self._spoil(zone, signed.read_text()))
        return signed

    @staticmethod
    def _spoil(zone, text):
        lines = text.splitlines()
        if zone.unsign:
            return "\n".join(line for line in lines if not re.search(r"\bNSEC3?\b", line)) + "\n"
        name, old, new = zone.alter
        at = [n for n, line in enumerate(lines)
              if line.startswith(f"{name}.\t") and "\tTXT\t" in line and old in line]
        if len(at) != 1:
            raise Failed(f"{name}: {len(at)} records to alter")
        lines[at[0]] = lines[at[0]].replace(old, new)
        return "\n".join(lines) + "\n"

    def _conf(self):
        lines = ["server:", f"interface: {self.address}", f"port: {self.port}", "do-daemonize: no",
                 "num-threads: 1", f'username: "{"nobody" if os.getuid() == 0 else ""}"',
                 'chroot: ""', f'directory: "{self.folder}"', 'pidfile: ""', "use-syslog: no",
                 'logfile: ""', "verbosity: 1", "access-control: 127.0.0.0/8 allow",
                 'module-config: "iterator"']
        for name, path in self._files.items():
            path.chmod(0o644)
            lines += ["auth-zone:", f'name: "{name}"', f'zonefile: "{path}"',
                      "for-downstream: yes", "for-upstream: no", "fallback-enabled: no"]
        conf = self.folder / "unbound.conf"
        conf.write_text("\n\t".join(lines).replace("\n\tauth-zone:", "\nauth-zone:")
                        + "\nremote-control:\n\tcontrol-enable: no\n")
        return conf

    def _start(self):
        for _ in range(TRIES):
            self.port = free_port(socket.SOCK_DGRAM)
            self.child = Child([find_unbound(), "-d", "-c", str(self._conf())],
                               log=self.folder / "unbound.log")
            try:
                self.child.wait_line(lambda line: "start of service" in line)
                return
            except Failed as failure:
                self.child.kill()
                if "could not open ports" not in str(failure) and "in use" not in str(failure):
                    raise
        raise Failed("no free port for the DNS server")

    def stop(self):
        self.child.stop()
