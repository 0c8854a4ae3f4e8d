# SPDX-License-Identifier: BSD-2-Clause
"""What an operator sees: mailtrictl on a running mailtri, and what mailtrid -n
says of a configuration."""
import json

import pytest
from conftest import GOOD
from world import ADDRESS, wait_until


@pytest.fixture(scope="module")
def event(stand):
    answer = stand.send(stand.mail("Look at me"))
    assert answer.code == 250
    stand.delivered(answer.event)
    return answer.event


def test_status(stand, event):
    status = stand.mailtri.status()
    assert status["audit"]["records"] >= 1
    assert status["audit"]["key"].count("+") >= 2
    assert status["disk"] == "enough"
    assert status["warnings"] == []
    assert {role["role"] for role in status["roles"]} >= {"front", "parser", "worker", "resolver", "keys"}


def test_queue(stand, event):
    item = stand.mailtri.ctl_one("queue", "show", event)
    assert (item["event"], item["state"], item["route"]) == (event, "done", ADDRESS)
    assert item["targets"][0]["stage"] == "linear-dispatch"
    assert item["targets"][0]["resource_id"]
    assert event in [i["event"] for i in stand.mailtri.ctl("queue", "list", "--state", "done")]
    out = stand.mailtri.ctl_run("queue", "show", "evt_nobody")
    assert out.returncode != 0 and out.stderr


def test_audit_export_is_verified_offline(stand, event, tmp_path):
    path = tmp_path / "audit.jsonl"
    stand.export_whole(path)
    assert stand.mailtri.verify_audit(path).returncode == 0
    data = path.read_bytes()
    assert GOOD.encode() not in data  # a leaf holds commitments, not names
    for at in (10, len(data) // 2, len(data) - 40):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
        assert stand.mailtri.verify_audit(path).returncode == 1, at
    lines = data.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:1] + lines[2:]))
    assert stand.mailtri.verify_audit(path).returncode == 1


def test_explain_and_check_agree(stand, event, tmp_path):
    explained = stand.mailtri.ctl_one("explain", event)
    assert explained["disposition"] == "accepted"
    assert explained["facts"]["auth.dkim"] == "pass"
    zone = tmp_path / "zone.json"
    zone.write_text(json.dumps(stand.dns.zone))
    mail = tmp_path / "mail.eml"
    mail.write_bytes(stand.mail("Look at me"))
    checked = stand.mailtri.ctl_one(
        "check", mail, "--client", "127.0.0.1", "--helo", f"mx.{GOOD}", "--mail-from", f"ann@{GOOD}",
        "--rcpt", ADDRESS, "--dns", zone)
    assert checked["disposition"] == "accepted"
    assert [c["stage"] for c in checked["checks"]] == [c["stage"] for c in explained["checks"]]
    for name in ("auth.spf", "auth.dkim", "auth.dmarc", "allowlist.match"):
        assert checked["facts"][name] == explained["facts"][name]


def test_check_needs_no_daemon_and_leaves_no_trace(stand, tmp_path):
    before = stand.mailtri.status()["audit"]["records"]
    mail = tmp_path / "mail.eml"
    mail.write_bytes(stand.mail("Only asking"))
    for _ in range(2):  # no replay: nothing was kept
        checked = stand.mailtri.ctl_one(
            "check", mail, "--client", "127.0.0.1", "--helo", f"mx.{GOOD}", "--mail-from",
            f"ann@{GOOD}", "--rcpt", ADDRESS)
        assert checked["disposition"] == "accepted"
    assert stand.mailtri.status()["audit"]["records"] == before


def test_stages(stand):
    described = {s["name"]: s for s in stand.mailtri.ctl("stages")}
    assert {"auth", "allowlist", "linear-dispatch"} <= set(described)
    auth = stand.mailtri.ctl_one("stages", stand.world.programs.stages / "auth.so")
    assert "dns" in auth["needs"]
    assert any("auth.spf" in str(fact) for fact in auth["writes"])


def test_a_file_others_may_write_is_no_stage(stand, tmp_path):
    planted = stand.world.programs.stages / "planted.so"
    planted.write_bytes((stand.world.programs.stages / "allowlist.so").read_bytes())
    planted.chmod(0o777)
    out = stand.mailtri.ctl_run("stages", planted)
    planted.unlink()
    assert out.returncode != 0
    assert str(planted) in out.stderr and "chmod" in out.stderr


def test_conf(stand):
    changed = stand.mailtri.ctl_run("conf", "-n").stdout
    assert 'hostname = "mx.mailtri.example"' in changed and "judge" not in changed
    assert "judge = 1m" in stand.mailtri.ctl_run("conf", "-d").stdout
    assert "not-a-real-key" not in changed


def test_good_configuration_has_no_problems(stand):
    status, said = stand.mailtri.check_configuration()
    assert (status, said) == (0, f"{stand.mailtri.conf}: 0 errors, 0 warnings\n")


@pytest.mark.parametrize("change,words", [
    ("pipeline = { \"auth\", \"nonsense\" }", "nonsense"),
    ("limits { judge = soon }", "judge"),
    ("limits { connections = 0 }", "connections"),
    ("surprise = 1", "surprise"),
    ("listen \"127.0.0.1:65536\" { tls = required }", "65536"),
    ("route \"nobody\" { intents = { \"create_task\" } }", "nobody"),
])
def test_each_problem_has_its_place(world, start, change, words):
    mailtri = world.instance("broken")
    mailtri.configure(world.core_options(), world.stage_options(mailtri, [GOOD]))
    text = mailtri.conf.read_text()
    if change.startswith("pipeline"):
        text = "\n".join(line for line in text.splitlines() if not line.startswith("pipeline")) + "\n"
    mailtri.conf.write_text(text + change + "\n")
    status, said = mailtri.check_configuration()
    assert status != 0
    line = text.count("\n") + 1
    assert any(l.startswith(f"{mailtri.conf}:{line}:") and words in l for l in said.splitlines()), said


def test_all_problems_at_once(world):
    mailtri = world.instance("broken-thrice")
    stages = world.stage_options(mailtri, [GOOD])
    stages["allowlist"] = {"allow": [GOOD], "alow": [GOOD]}
    mailtri.configure(world.core_options(limits={"judge": 0, "connections": 0}), stages)
    status, said = mailtri.check_configuration()
    assert status != 0
    for words in ("judge", "connections", "alow"):
        assert words in said
    assert any("stages.d/allowlist.conf:2: allowlist: " in l for l in said.splitlines()), said


def test_tls_below_required_is_warned_of(start):
    stand = start("warned")
    assert stand.mailtri.stop() == 0
    mailtri = stand.mailtri
    mailtri.conf.write_text(mailtri.conf.read_text().replace("tls = required", "tls = offered"))
    mailtri.start()
    assert wait_until(lambda: mailtri.status()["warnings"], "a warning")
    assert "tls" in mailtri.check_configuration()[1]
    assert mailtri.stop() == 0
