# SPDX-License-Identifier: BSD-2-Clause
"""A real Postfix with a folder of its own."""
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import pytest
from child import Child

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
MASTER_CF = """\
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
anvil     unix  - - n - 1 anvil
smtp      unix  - - n - - smtp
lmtp      unix  - - n - - lmtp
retry     unix  - - n - - error
error     unix  - - n - - error
showq     unix  n - n - - showq
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


def need(program):
    path = shutil.which(program, path=PATH)
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


def can_run():
    return os.getuid() == 0 and "postfix" in {user.pw_name for user in pwd.getpwall()}


class Postfix:
    """with Postfix(["relayhost = ..."], authority) as postfix: it runs, and its
    log is what postfix.child says.  options: lines of main.cf; services: of
    master.cf."""

    def __init__(self, options, authority=None, services=()):
        need("postfix")
        if not can_run():
            pytest.skip("Postfix can only be started by root")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mailtri-postfix-"))
        self.config = self.folder / "etc"
        self.folder.chmod(0o755)
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        if authority:
            shutil.copy(authority, self.folder / "ca.pem")
        (self.config / "master.cf").write_text(
            MASTER_CF + "".join(line + "\n" for line in services))
        (self.config / "main.cf").write_text("\n".join([
            "compatibility_level = 3.6", f"queue_directory = {self.folder}/queue",
            f"data_directory = {self.folder}/data", "mail_owner = postfix",
            "setgid_group = postdrop", "mydestination =", "inet_protocols = ipv4",
            "inet_interfaces = loopback-only", "alias_maps =", "alias_database =",
            "local_recipient_maps =", "maillog_file = /dev/stdout",
            "shlib_directory = /usr/lib/postfix", "meta_directory = /etc/postfix",
            "daemon_directory = /usr/lib/postfix/sbin", "command_directory = /usr/sbin",
            f"smtp_tls_CAfile = {self.folder}/ca.pem", f"lmtp_tls_CAfile = {self.folder}/ca.pem",
            *options, ""]))
        self.child = None

    def __enter__(self):
        self.child = Child(["postfix", "-c", str(self.config), "start-fg"])
        try:
            self.child.wait_line(lambda line: "daemon started" in line)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        subprocess.run(["postfix", "-c", str(self.config), "stop"], capture_output=True, check=False)
        self.child.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def hand_over(self, message, mail_from, *recipients):
        """By the command sendmail, as a local user does."""
        subprocess.run(["sendmail", "-C", str(self.config), "-i", "-f", mail_from, "--", *recipients],
                       input=message.replace(b"\r\n", b"\n"), check=True,
                       env={**os.environ, "PATH": PATH})

    def status(self, domain="mailtri.example"):
        """What the next mail to that domain came to, a bounce of it not meant:
        the log's line."""
        return self.child.wait_line(lambda line: f"@{domain}>" in line and "status=" in line)
