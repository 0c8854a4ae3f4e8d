# SPDX-License-Identifier: BSD-2-Clause
"""Other people's programs as senders: swaks, Postfix over TLS, openssl."""
import re
import subprocess

import pytest
from conftest import GOOD
from postfix import Postfix, need
from world import ADDRESS


@pytest.fixture(name="postfix")
def _postfix(stand):
    """An instance of its own that hands everything to mailtri over TLS."""
    options = [f"myhostname = mx.{GOOD}", f"relayhost = [127.0.0.1]:{stand.mailtri.port}",
               "smtp_tls_security_level = encrypt", "smtp_tls_loglevel = 1"]
    with Postfix(options, stand.world.authority.path) as postfix:
        yield postfix


def test_postfix_over_tls(stand, postfix):
    postfix.hand_over(stand.mail("By Postfix"), f"ann@{GOOD}", ADDRESS)
    postfix.child.wait_line(
        lambda line: "Trusted TLS connection established to 127.0.0.1" in line)
    sent = postfix.status()
    assert "status=sent (250 2.0.0 evt_" in sent
    event = re.search(r"evt_\w+", sent).group(0)
    stand.delivered(event)
    assert [i["title"] for i in stand.linear.issues()].count("By Postfix") == 1


def test_postfix_bounces_what_is_refused(stand, postfix):
    postfix.hand_over(stand.mail("By Postfix").replace(b"By Postfix", b"by Postfix!"),
                      f"ann@{GOOD}", ADDRESS)
    bounced = postfix.status()
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
