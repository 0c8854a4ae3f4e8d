# SPDX-License-Identifier: BSD-2-Clause
"""A real DNS server on loopback with the zones it is told: unbound, answering
from local data alone.  A name it was not told does not exist."""
import os
import shutil
import socket

import dns.message
import dns.query
import dns.rcode

from child import Child, Failed, free_port

TRIES = 5
# What unbound would answer by itself.
BUILT_IN = ("test", "invalid", "home.arpa", "127.in-addr.arpa")
CHARACTER_STRING_MAX = 255


def find_unbound():
    return shutil.which("unbound", path="/usr/sbin:/usr/bin:/usr/local/sbin:/sbin")


def _txt(value):
    """One TXT record from a string, cut into character-strings, or a list."""
    if isinstance(value, str):
        value = [value[i:i + CHARACTER_STRING_MAX]
                 for i in range(0, len(value), CHARACTER_STRING_MAX)] or [""]
    return " ".join('"' + s.replace("\\", "\\\\").replace('"', '\\"') + '"' for s in value)


def _records(name, types):
    for kind, values in types.items():
        for value in [values] if isinstance(values, str) else values:
            if kind == "TXT":
                data = _txt(value)
            elif kind == "MX":
                data = f"{value[0]} {value[1]}."
            elif kind in ("CNAME", "PTR", "NS"):
                data = f"{value}."
            else:
                data = value
            yield f"{name}. 60 IN {kind} {data}"


def unbound_zone(zone):
    """The lines of unbound.conf for a zone as mailtrictl check reads it:
    {"name": {"TXT": [...], "MX": [[10, "mx"]]}, "name": "SERVFAIL"}."""
    lines = ['local-zone: "." static', *(f'local-zone: "{name}." nodefault' for name in BUILT_IN)]
    for name, types in zone.items():
        if types == "NXDOMAIN":
            continue
        if types == "SERVFAIL":  # a forwarder takes REFUSED for a failure
            lines.append(f'local-zone: "{name}." always_refuse')
        elif types == "TIMEOUT":
            lines.append(f'local-zone: "{name}." deny')
        else:
            lines += ["local-data: '" + record + "'" for record in _records(name, types)]
    return lines


class Nameserver:
    """Serves until stop(); serve() again for other zones."""

    address = "127.0.0.1"

    def __init__(self, folder):
        self.folder, self.port, self.child, self.zone = folder, 0, None, {}

    @property
    def setting(self):
        """As mailtri.conf wants it."""
        return f"{self.address}@{self.port}"

    def _write(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        conf = self.folder / "unbound.conf"
        conf.write_text("\n\t".join([
            "server:", f"interface: {self.address}", f"port: {self.port}", "do-daemonize: no",
            "num-threads: 1", f'username: "{"nobody" if os.getuid() == 0 else ""}"',
            'chroot: ""', f'directory: "{self.folder}"',
            'pidfile: ""', "use-syslog: no", 'logfile: ""', "verbosity: 1",
            "access-control: 127.0.0.0/8 allow", 'module-config: "iterator"',
            "hide-version: yes", *unbound_zone(self.zone)])
            + "\nremote-control:\n\tcontrol-enable: no\n")
        return conf

    def serve(self, zone):
        """Starts with these zones, or restarts on the same port."""
        self.zone = dict(zone)
        wanted = self.port
        self.stop()
        unbound = find_unbound()
        if unbound is None:
            raise Failed("unbound is not installed")
        for _ in range(TRIES):
            self.port = wanted or free_port(socket.SOCK_DGRAM)
            conf = self._write()
            # Ours at once: who interrupts the wait finds it to stop.
            self.child = Child([unbound, "-d", "-c", str(conf)], log=self.folder / "unbound.log")
            try:
                self.child.wait_line(lambda line: "start of service" in line)
            except Failed as failure:
                self.child.kill()
                self.child = None
                if "could not open ports" in str(failure) or "already in use" in str(failure):
                    continue
                raise
            return
        raise Failed("no free port for the DNS server")

    def stop(self):
        if self.child is not None:
            self.child.stop()
            self.child = None

    def ask(self, name, kind="TXT"):
        """The records as text, asked over the wire."""
        query = dns.message.make_query(name, kind)
        answer = dns.query.udp(query, self.address, port=self.port, timeout=5)
        if answer.rcode() != dns.rcode.NOERROR:
            return [dns.rcode.to_text(answer.rcode())]
        return [record.to_text() for rrset in answer.answer for record in rrset]
