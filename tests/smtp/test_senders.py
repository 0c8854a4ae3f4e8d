# SPDX-License-Identifier: BSD-2-Clause
"""Real senders over STARTTLS: swaks, and a Postfix of its own."""
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import pytest

import pack
import pairs
from fake_engine import WAIT_S, Front

MASTER = """\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@pytest.fixture(name="front")
def _front():
    with Front((pack.TLS_REQUIRED,), [pairs.alone(pairs.ec_key())], connections=50) as front:
        yield front


def test_swaks(front):
    if shutil.which("swaks") is None:
        pytest.skip("swaks is not installed")
    done = subprocess.run(
        ["swaks", "--server", "127.0.0.1", "--port", str(front.ports[0]), "--tls",
         "--helo", "c.example", "--from", "a@b.example", "--to", "task.linear@mx.example",
         "--header", "Subject: from swaks", "--body", ".a dot\n..two dots\n"],
        capture_output=True, timeout=WAIT_S, check=False)
    assert done.returncode == 0, done.stdout.decode()
    assert b"250 2.0.0 evt_0 accepted" in done.stdout
    envelope = pack.envelope(front.wait(pack.RCPT).body)
    assert envelope["sender"] == b"a@b.example"
    assert envelope["tls"].startswith(b"TLSv1.")
    message = front.wait(pack.MESSAGE).message()
    assert b"Subject: from swaks\r\n" in message
    assert b"\r\n.a dot\r\n..two dots\r\n" in message
    front.wait(pack.SEEN)


class Postfix:
    """One instance in a folder, all mail to one port over TLS."""

    def __init__(self, folder, port):
        self.conf, self.log = folder / "conf", folder / "log"
        data = folder / "data"
        for made in (self.conf, folder / "queue", data):
            made.mkdir()
        shutil.chown(data, "postfix")
        folder.chmod(0o755)
        (self.conf / "master.cf").write_text(MASTER)
        (self.conf / "main.cf").write_text("\n".join((
            "compatibility_level = 3.6", f"queue_directory = {folder}/queue",
            f"data_directory = {data}", f"maillog_file = {self.log}",
            f"maillog_file_prefixes = {folder}", "myhostname = sender.example",
            "mydestination =", "inet_interfaces = loopback-only", "inet_protocols = ipv4",
            "alias_maps =", "default_transport = smtp", f"relayhost = [127.0.0.1]:{port}",
            "smtp_tls_security_level = encrypt", "smtp_host_lookup = native",
            "multi_instance_enable = no", "")))
        self._call("postfix", "-c", str(self.conf), "start")

    @staticmethod
    def _call(*argv, data=None):
        done = subprocess.run(argv, input=data, capture_output=True, timeout=WAIT_S, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr).decode()

    def send(self, *recipients, data):
        self._call("sendmail", "-C", str(self.conf), "-f", "a@b.example", "-i", "--", *recipients,
                   data=data)

    def stop(self):
        self._call("postfix", "-c", str(self.conf), "stop")


@pytest.fixture(name="postfix")
def _postfix(front):
    try:
        pwd.getpwnam("postfix")
    except KeyError:
        pytest.skip("postfix is not installed")
    if os.getuid() != 0 or shutil.which("postfix") is None:
        pytest.skip("needs root to run a Postfix")
    with tempfile.TemporaryDirectory() as folder:  # where other users get in
        postfix = Postfix(pathlib.Path(folder), front.ports[0])
        yield postfix
        print(postfix.log.read_text())  # pytest shows it where the test failed
        postfix.stop()


def test_postfix(front, postfix):
    """One mail, and one to two recipients: Postfix sends the second again."""
    postfix.send("task.linear@mx.example", data=b"Subject: one\n\n.dot\nlast\n")
    assert b"\r\n.dot\r\nlast\r\n" in front.wait(pack.MESSAGE).message()
    envelope = pack.envelope(front.wait(pack.RCPT).body)
    assert (envelope["helo"], envelope["sender"]) == (b"sender.example", b"a@b.example")
    assert envelope["tls"].startswith(b"TLSv1.3 ")
    assert pack.Unpack(front.wait(pack.SEEN).body).span() == b"evt_0"

    postfix.send("task.linear@mx.example", "invoice.ap@mx.example", data=b"Subject: two\n\nx\n")
    front.wait(pack.MESSAGE, 2)
    assert b"452 4.5.3 smtp.rcpt.second" in deferred(postfix)


def deferred(postfix):
    """What Postfix logged, once the deferred recipient is in it."""
    with subprocess.Popen(["tail", "-F", "-n", "+1", str(postfix.log)], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as tail:
        said = b""
        for line in tail.stdout:
            said += line
            if b"status=deferred" in line or b"status=bounced" in line:
                break
        tail.kill()
    return said
