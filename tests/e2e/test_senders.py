# SPDX-License-Identifier: BSD-2-Clause
"""Other people's programs as senders: swaks, Postfix over TLS, openssl."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest
from child import Child
from conftest import GOOD
from world import ADDRESS

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
smtp      unix  - - n - - smtp
retry     unix  - - n - - error
error     unix  - - n - - error
showq     unix  n - n - - showq
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


def need(program):
    path = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


@pytest.fixture
def postfix(stand):
    """An instance of its own that hands everything to mailtri over TLS."""
    need("postfix")
    if os.getuid() != 0:
        pytest.skip("Postfix can only be started by root")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mailtri-postfix-"))
    folder.chmod(0o755)
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    authority = shutil.copy(stand.world.authority.path, folder / "ca.pem")
    (folder / "etc/master.cf").write_text(MASTER_CF)
    (folder / "etc/main.cf").write_text("\n".join([
        "compatibility_level = 3.6", f"queue_directory = {folder}/queue",
        f"data_directory = {folder}/data", "mail_owner = postfix", "setgid_group = postdrop",
        f"myhostname = mx.{GOOD}", "mydestination =", "inet_protocols = ipv4",
        "inet_interfaces = loopback-only", "alias_maps =", "alias_database =",
        f"relayhost = [127.0.0.1]:{stand.mailtri.port}", "smtp_tls_security_level = encrypt",
        f"smtp_tls_CAfile = {authority}", "smtp_tls_loglevel = 1", "maillog_file = /dev/stdout",
        "shlib_directory = /usr/lib/postfix", "meta_directory = /etc/postfix",
        "daemon_directory = /usr/lib/postfix/sbin", "command_directory = /usr/sbin", ""]))
    child = Child(["postfix", "-c", str(folder / "etc"), "start-fg"])
    try:
        child.wait_line(lambda line: "daemon started" in line)
        yield folder / "etc", child
    finally:
        subprocess.run(["postfix", "-c", str(folder / "etc"), "stop"], capture_output=True, check=False)
        child.stop()
        shutil.rmtree(folder, ignore_errors=True)


def hand_over(config, message):
    subprocess.run(["sendmail", "-C", str(config), "-i", "-f", f"ann@{GOOD}", ADDRESS],
                   input=message.replace(b"\r\n", b"\n"), check=True, env={**os.environ, "PATH": "/usr/sbin:/usr/bin:/bin"})


def test_postfix_over_tls(stand, postfix):
    config, child = postfix
    hand_over(config, stand.mail("By Postfix"))
    child.wait_line(lambda line: "Trusted TLS connection established to 127.0.0.1" in line)
    sent = child.wait_line(lambda line: "status=" in line)
    assert "status=sent (250 2.0.0 evt_" in sent
    event = re.search(r"evt_\w+", sent).group(0)
    stand.delivered(event)
    assert [i["title"] for i in stand.linear.issues()].count("By Postfix") == 1


def test_postfix_bounces_what_is_refused(stand, postfix):
    config, child = postfix
    hand_over(config, stand.mail("By Postfix").replace(b"By Postfix", b"by Postfix!"))
    bounced = child.wait_line(lambda line: "status=" in line)
    assert "status=bounced" in bounced and "550 5.7." in bounced and "auth.dkim.fail" in bounced


def test_swaks(stand, tmp_path):
    need("swaks")
    path = tmp_path / "mail.eml"
    path.write_bytes(stand.mail("By swaks"))
    out = subprocess.run(
        ["swaks", "--server", f"127.0.0.1:{stand.mailtri.port}", "--tls", "--ehlo", f"mx.{GOOD}",
         "--from", f"ann@{GOOD}", "--to", ADDRESS, "--data", f"@{path}"],
        capture_output=True, text=True, timeout=60, check=False)
    assert out.returncode == 0, out.stdout
    assert re.search(r"^<~\s+250 2\.0\.0 evt_\w+ accepted", out.stdout, re.M), out.stdout


@pytest.mark.parametrize("options,expected", [
    (["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], "rsa"),
    (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], "ecdsa"),
    (["-tls1_3"], "TLSv1.3"),
    (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], None),
    (["-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0"], None)])
def test_openssl(stand, options, expected):
    """Both certificates are served; what is below TLS 1.2, or without
    forward secrecy, is not."""
    need("openssl")
    out = subprocess.run(
        ["openssl", "s_client", "-starttls", "smtp", "-connect", f"127.0.0.1:{stand.mailtri.port}",
         "-CAfile", str(stand.world.authority.path), "-verify_return_error", *options],
        input="EHLO test\r\nQUIT\r\n", capture_output=True, text=True, timeout=60, check=False)
    text = out.stdout + out.stderr
    if expected is None:
        assert "Cipher is (NONE)" in text or "Cipher    : 0000" in text
        return
    assert "Verify return code: 0 (ok)" in text or "Verification: OK" in text
    assert {"rsa": "RSA", "ecdsa": "ECDSA"}.get(expected, expected) in text
