# SPDX-License-Identifier: BSD-2-Clause
"""Postfix in front of milters: opendkim and opendmarc, or rspamd with the
modules spf, dkim and dmarc.  Mail is verified and discarded."""
import pathlib
import shutil
import subprocess

from child import Child
from peer import Peer, address_answers
from world import wait_until

RSPAMD = pathlib.Path(__file__).resolve().parent / "rspamd.conf.in"
SERVICES = """\
smtp      inet  n - n - - smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
anvil     unix  - - n - 1 anvil
postlog   unix-dgram n - n - 1 postlogd
"""
QUEUES = ("incoming", "active", "deferred", "maildrop")



class Postfix(Peer):
    """Daemons in a folder; close() ends them."""

    programs = {"postfix": "postfix"}

    def start(self):
        self._postfix(self.milters())
        wait_until(lambda: address_answers(self.address, self.port), "Postfix's greeting")

    def milters(self):
        raise NotImplementedError

    def nobody(self):
        path = self.folder / "nobody"
        path.write_text("192.0.2.1\n")
        return path

    def _postfix(self, milters):
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        (self.folder / "etc/master.cf").write_text(SERVICES)
        (self.folder / "etc/main.cf").write_text("\n".join([
            "compatibility_level = 3.6", f"queue_directory = {self.folder}/queue",
            f"data_directory = {self.folder}/data", "mail_owner = postfix",
            "setgid_group = postdrop", "myhostname = mx.bench.example", "mydestination =",
            f"inet_interfaces = {self.address}", "inet_protocols = ipv4",
            "mynetworks = 192.0.2.1/32", f"relay_domains = inline:{{ {{ {self.domain} = OK }} }}",
            f"transport_maps = inline:{{ {{ {self.domain} = discard: }} }}",
            "smtpd_relay_restrictions = reject_unauth_destination",
            "smtpd_recipient_restrictions =", "alias_maps =", "alias_database =",
            "local_recipient_maps =", "in_flow_delay = 0", "milter_default_action = tempfail",
            f"smtpd_milters = {' '.join(milters)}", "maillog_file = /dev/stdout",
            "shlib_directory = /usr/lib/postfix", "meta_directory = /etc/postfix",
            "daemon_directory = /usr/lib/postfix/sbin", "command_directory = /usr/sbin", ""]))
        child = Child(["postfix", "-c", str(self.folder / "etc"), "start-fg"],
                      log=self.folder / "log")
        self.children.append(child)
        child.wait_line(lambda line: "daemon started" in line)

    def empty(self):
        """Whether everything accepted was discarded by now."""
        return not any(path.is_file() for name in QUEUES
                       for path in (self.folder / "queue" / name).rglob("*"))

    def close(self):
        subprocess.run(["postfix", "-c", str(self.folder / "etc"), "stop"], capture_output=True,
                       check=False)
        super().close()


class Opendmarc(Postfix):
    label = "Postfix+opendkim+opendmarc"
    programs = {**Postfix.programs, "opendkim": "opendkim", "opendmarc": "opendmarc"}

    def milters(self):
        return [self._milter("opendkim", ["-f", "-x"], [
            "Mode v", "Canonicalization relaxed/relaxed", "Syslog no", "UserID root", "UMask 000",
            f"InternalHosts {self.nobody()}", f"ExternalIgnoreList {self.nobody()}",
            "AuthservID bench", "AlwaysAddARHeader yes", "Nameservers 127.0.0.1"]),
            self._milter("opendmarc", ["-f", "-c"], [
                "Syslog false", "UserID root", "UMask 000", "AuthservID bench",
                "TrustedAuthservIDs bench", f"IgnoreHosts {self.nobody()}", "RejectFailures true",
                "SPFIgnoreResults true", "SPFSelfValidate true", "SoftwareHeader false"])]

    def _milter(self, name, options, lines):
        conf, at = self.folder / f"{name}.conf", self.folder / f"{name}.sock"
        conf.write_text("\n".join([f"Socket local:{at}", *lines, ""]))
        program = shutil.which(name, path="/usr/sbin:/usr/bin")
        self.children.append(Child([program, *options, str(conf)]))
        wait_until(at.exists, f"the socket of {name}")
        return f"unix:{at}"


class Rspamd(Postfix):
    label = "Postfix+rspamd"
    programs = {**Postfix.programs, "rspamd": "rspamd"}

    def milters(self):
        conf, at = self.folder / "rspamd.conf", self.folder / "rspamd.sock"
        conf.write_text(RSPAMD.read_text().replace("@folder@", str(self.folder)))
        self.children.append(Child(["/usr/bin/rspamd", "-f", "-i", "-c", str(conf)],
                                   log=self.folder / "rspamd.out"))
        wait_until(at.exists, "the socket of rspamd")
        return [f"unix:{at}"]
