# SPDX-License-Identifier: BSD-2-Clause
"""mailtrictl without a daemon: check, stages, conf, commands of others."""
import base64
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess

import pytest

import certs
import dkim_messages
from conftest import private_folder
from instance import Bare, Instance, Programs
from sender import Domain, compose

BUILD = pathlib.Path(os.environ.get("top_builddir", ".")).resolve()
ROUTE = "task.linear@mailtri.example"
ROLES = ("engine", "parser", "worker", "keys")
NEEDED = [BUILD / name for name in (*ROLES, "mailtrictl", ".libs/auth.so", ".libs/allowlist.so")]

pytestmark = pytest.mark.skipif(not all(p.exists() for p in NEEDED),
                                reason="roles or stages are not built here")


@pytest.fixture(scope="module", name="domain")
def a_domain():
    return Domain("friend.example")


@pytest.fixture(name="box")
def an_instance():
    """A configuration; its roles are found under a path of this test's own."""
    folder = private_folder()
    folder.chmod(0o755)  # the roles are somebody else where we are root
    yield prepared(folder)
    shutil.rmtree(folder, ignore_errors=True)


def prepared(folder):
    programs = Programs.built(BUILD, folder / "stages")
    programs.roles = folder / "libexec"
    programs.roles.mkdir()
    for name in ROLES:
        shutil.copy(BUILD / name, programs.roles / name)  # root's home is closed to them
    box = Instance(folder, programs)
    certificate, key, _ = certs.Authority(folder / "tls").issue(box.hostname)
    box.every = {"tls": {"certificate": [certificate], "key": [key]},
                 f'route "{ROUTE}"': {"intents": ["create_task"]}}
    box.configure({"pipeline": ["auth", "allowlist"], **box.every},
                  {"auth": {}, "allowlist": {"allow": ["friend.example"]}})
    return box


def mail(domain, subject="a task", body="", **options):
    return domain.sign(compose(f"ann@{domain.name}", ROUTE, subject, body), **options)


def line(raw, number=0, **more):
    return {"id": number, "raw": base64.b64encode(raw).decode(), "client": "127.0.0.1",
            "helo": "mx.friend.example", "mail_from": "ann@friend.example", "rcpt": ROUTE, **more}


def batch(box, lines, *arguments, status=0):
    text = "".join(json.dumps(one) + "\n" for one in lines)
    out = box.ctl_run("check", "--batch", "-", *arguments, stdin=text)
    assert out.returncode == status, out.stderr
    return [json.loads(one) for one in out.stdout.splitlines()]


def left_behind(box):
    """Processes whose program stands in this test's folder."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if str(box.programs.roles).encode() in (entry / "cmdline").read_bytes():
                    found.append(entry.name)
            except OSError:
                continue
    return found


def test_good_mail_has_every_member(box, domain):
    (answer,) = batch(box, [line(mail(domain), dns=domain.zone())])
    assert list(answer)[:11] == ["id", "disposition", "smtp", "stage", "reason", "facts",
                                 "signatures", "checks", "dns_queries", "intent", "edits"]
    assert answer["disposition"] == "accepted" and answer["smtp"]["code"] == 250
    facts = answer["facts"]
    assert [facts[f"auth.{k}"] for k in ("spf", "dkim", "dmarc")] == ["pass"] * 3
    assert answer["signatures"] == [{"d": "friend.example", "s": "s1", "a": "rsa-sha256",
                                     "result": "pass", "why": "the signature is good"}]
    assert [list(c) for c in answer["checks"]] == [
        ["stage", "phase", "verdict", "reason", "text", "us"]] * 4
    assert [c["stage"] for c in answer["checks"]] == ["auth", "allowlist"] * 2
    assert [c["phase"] for c in answer["checks"]] == ["envelope"] * 2 + ["message"] * 2
    assert {c["verdict"] for c in answer["checks"]} == {"continue"}
    assert all(isinstance(c["us"], int) and c["us"] >= 0 for c in answer["checks"])
    assert answer["intent"]["verb"] == "create_task"
    assert answer["dns_queries"] > 0


def test_a_refusal_is_in_its_check(box):
    eve = Domain("stranger.example")
    (answer,) = batch(box, [line(mail(eve), dns=eve.zone(), helo="mx.stranger.example",
                                 mail_from="ann@stranger.example")])
    last = answer["checks"][-1]
    assert (last["stage"], last["phase"], last["verdict"], last["reason"]) == (
        "allowlist", "message", "reject", "allowlist.denied")
    assert last["text"] and last["text"] in answer["smtp"]["text"]
    assert (answer["stage"], answer["reason"]) == ("allowlist", "allowlist.denied")


def test_file_and_page(box, domain, tmp_path):
    """A file with bare LF is what an editor left of the mail."""
    (tmp_path / "m.eml").write_bytes(mail(domain).replace(b"\r\n", b"\n"))
    (tmp_path / "zone.json").write_text(json.dumps(domain.zone()))
    arguments = ["check", tmp_path / "m.eml", "--client", "127.0.0.1", "--mail-from",
                 "<ann@friend.example>", "--rcpt", ROUTE, "--dns", tmp_path / "zone.json"]
    assert box.ctl_one(*arguments)["disposition"] == "accepted"
    page = box.ctl_run(*arguments)
    assert page.returncode == 0 and page.stderr == ""
    assert "auth.dkim  " in page.stdout and "\033" not in page.stdout
    assert page.stdout.splitlines()[-1].startswith("accepted  250 2.0.0 ")
    assert "\033[32maccepted" in box.ctl_run(*arguments, "--color", "always").stdout


def test_verdicts(box, domain):
    zone = domain.zone()
    slow = {**zone, "friend.example": "TIMEOUT"}
    raw = mail(domain)
    answers = batch(box, [
        line(raw.replace(b"a task", b"a fake"), 1, dns=zone),
        line(raw, 2, dns=slow),
        line(raw, 3, dns=zone, rcpt="nobody@mailtri.example"),
        line(raw, 4, dns=zone, client="203.0.113.9"),
        line(mail(Domain("friend.example")), 5, dns=zone),
    ])
    assert [a["id"] for a in answers] == [1, 2, 3, 4, 5]
    assert [a["disposition"] for a in answers] == ["rejected", "deferred", "rejected", "rejected",
                                                   "rejected"]
    assert [a["smtp"]["code"] // 100 for a in answers] == [5, 4, 5, 5, 5]
    assert answers[2]["reason"] == "smtp.rcpt.unknown"
    assert answers[3]["facts"]["auth.spf"] == "fail"
    assert answers[4]["facts"]["auth.dkim"] != "pass"


def test_lines_share_nothing(box, domain):
    """Neither answers of DNS nor what stages remember."""
    zone, raw = domain.zone(), mail(domain)
    without = {k: v for k, v in zone.items() if "_domainkey" not in k}
    answers = batch(box, [line(raw, 0, dns=zone), line(raw, 1, dns=without), line(raw, 2, dns=zone)])
    assert [a["disposition"] for a in answers] == ["accepted", "rejected", "accepted"]
    assert answers[0]["dns_queries"] == answers[2]["dns_queries"]


def test_state_remembers(box, domain, tmp_path):
    lines = [line(mail(domain, "one"), 0), line(mail(domain, "two"), 1)]
    lines.append({**lines[0], "id": 2})
    (tmp_path / "zone.json").write_text(json.dumps(domain.zone()))
    arguments = ["--dns", tmp_path / "zone.json", "--state", box.folder / "scratch"]
    first = batch(box, lines, *arguments)
    assert [a["disposition"] for a in first[:2]] == ["accepted", "accepted"]
    assert first[2]["facts"]["auth.replay"] != "first"
    again = batch(box, lines[1:2], *arguments)
    assert again[0]["facts"]["auth.replay"] != "first"
    assert left_behind(box) == []


def expiring(domain):
    """(a mail whose signature expires an hour after NOW, what DNS must say)"""
    key = dkim_messages.RsaKey(2048)
    header = [("From", " ann@friend.example"), ("To", f" {ROUTE}"), ("Subject", " soon over"),
              ("Date", " Thu, 01 Jan 2026 00:00:00 +0000")]
    signature = dkim_messages.sign(key, header=header, tags={
        "d": domain.name, "s": "brief", "x": str(dkim_messages.NOW + 3600)})
    zone = {**domain.zone(), f"brief._domainkey.{domain.name}": {
        "TXT": [f"v=DKIM1; p={dkim_messages.text64(key.public())}"]}}
    return dkim_messages.message([signature], header=header), zone


# now, and what it makes of the signature
CLOCKS = {"2026-01-01T00:59:00Z": ("accepted", "pass", "the signature is good"),
          "2026-01-01T01:01:00Z": ("rejected", "permerror", "it has expired")}


@pytest.mark.parametrize("way", ["line", "option"])
@pytest.mark.parametrize("now", CLOCKS)
def test_the_clock_is_ours(box, domain, tmp_path, now, way):
    raw, zone = expiring(domain)
    if way == "line":
        (answer,) = batch(box, [line(raw, dns=zone, now=now)])
    else:
        (tmp_path / "m.eml").write_bytes(raw)
        (tmp_path / "zone.json").write_text(json.dumps(zone))
        answer = box.ctl_one("check", tmp_path / "m.eml", "--client", "127.0.0.1", "--mail-from",
                             "<ann@friend.example>", "--rcpt", ROUTE, "--dns",
                             tmp_path / "zone.json", "--now", now)
    signature = answer["signatures"][0]
    assert (answer["disposition"], signature["result"], signature["why"]) == CLOCKS[now]


def test_a_clock_that_is_none(box, domain):
    for said, arguments in (({"now": "noon"}, ()), ({}, ("--now", "noon"))):
        (answer,) = batch(box, [line(mail(domain), **said)], *arguments, status=1)
        assert answer == {"id": 0, "error": "now is not of the form 2025-10-11T14:30:00Z"}


def test_one_stage_alone(box, domain):
    """Without SMTP's own checks: any recipient will do."""
    (answer,) = batch(box, [line(mail(domain), dns=domain.zone(), rcpt="nobody@nowhere.example",
                                 stages=["auth"])])
    assert {c["stage"] for c in answer["checks"]} == {"auth"}
    assert answer["facts"]["auth.spf"] == "pass"
    assert "allowlist.match" not in answer["facts"]


def test_wrong_lines_are_answered(box, domain):
    good = line(mail(domain), 7, dns=domain.zone())
    text = "\n".join(["nonsense", "[]", json.dumps({"id": "x"}), json.dumps(
        {**good, "id": 6, "stages": ["nosuch"]}), json.dumps(good), ""])
    out = box.ctl_run("check", "--batch", "-", stdin=text)
    answers = [json.loads(one) for one in out.stdout.splitlines()]
    assert out.returncode == 1
    assert answers[0] == {"error": "the line is not a JSON object"}
    assert answers[2] == {"id": "x", "error": "one of raw (base64) and file is wanted"}
    assert answers[3] == {"id": 6, "error": "no stage nosuch in the pipeline"}
    assert answers[4]["disposition"] == "accepted"


def test_wrong_zone_is_named(box, domain, tmp_path):
    (tmp_path / "zone.json").write_text('{"a.example": {"A": ["1.2.3"]}}')
    out = box.ctl_run("check", "--batch", "-", "--dns", tmp_path / "zone.json",
                      stdin=json.dumps(line(mail(domain))))
    assert out.returncode == 1
    assert json.loads(out.stdout)["error"] == "a.example: A record 1 is not an IPv4 address"


def test_large_mail_travels_by_memfd(box, domain):
    raw = mail(domain, body="x" * 70 + "\n" + ("y" * 900 + "\n") * 2000)
    (answer,) = batch(box, [line(raw, dns=domain.zone())])
    assert answer["disposition"] == "accepted"


@pytest.mark.parametrize("size", [500, 20000, 60000])
def test_large_answers_end_nothing(box, domain, size):
    """A sender's own zones are as large as he likes."""
    zone, good, fields = domain.zone(), mail(domain), b""
    for k in range(9):
        zone[f"k{k}._domainkey.evil.example"] = {"TXT": [["x" * 250] * (size // 250)]}
        fields += (f"DKIM-Signature: v=1; a=rsa-sha256; d=evil.example; s=k{k}; h=from; "
                   f"bh={'A' * 43}=; b=AAA{'ABCDEFGHI'[k]}\r\n").encode()
    answers = batch(box, [line(fields + good, 0, dns=zone), line(good, 1, dns=zone)])
    assert answers[0]["disposition"] in ("accepted", "deferred")
    assert answers[1]["disposition"] == "accepted"


def test_dead_and_hung_stages_cost_one_line(box, domain):
    if not (box.programs.stages / "t-crash.so").exists():
        pytest.skip("test stages are not built here")
    box.configure({"pipeline": ["auth", "t-crash", "t-hang"], **box.every},
                  {"auth": {}, "t-crash": {}, "t-hang": {"deadline": Bare("1s")}})
    zone = domain.zone()

    def raw(field):
        return domain.sign(compose("ann@friend.example", ROUTE, "t", fields=[(field, "yes")]))
    answers = batch(box, [line(raw("X-Good"), 0, dns=zone), line(raw("X-Test-Crash"), 1, dns=zone),
                          line(raw("X-Good"), 2, dns=zone), line(raw("X-Test-Hang"), 3, dns=zone),
                          line(raw("X-Good"), 4, dns=zone)])
    assert [a["disposition"] for a in answers] == ["accepted", "deferred", "accepted", "deferred",
                                                   "accepted"]
    assert [a["smtp"]["code"] for a in answers] == [250, 451, 250, 451, 250]
    assert left_behind(box) == []


def test_nothing_outlives_a_killed_check(box, domain):
    text = json.dumps(line(mail(domain), dns=domain.zone())) + "\n"
    with subprocess.Popen([box.programs.mailtrictl, "check", "-c", box.conf,
                           "--batch", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          env={**os.environ, "MAILTRI_LIBEXEC": str(box.programs.roles)}) as child:
        child.stdin.write(text.encode())
        child.stdin.flush()
        assert json.loads(child.stdout.readline())["disposition"] == "accepted"
        pids = left_behind(box)
        assert len(pids) >= 4
        watched = [os.pidfd_open(int(pid)) for pid in pids]
        child.send_signal(signal.SIGKILL)
        for fd in watched:
            assert select.select([fd], [], [], 20)[0] == [fd]
            os.close(fd)


def test_missing_role_is_named(box, domain):
    (box.programs.roles / "parser").unlink()
    out = box.ctl_run("check", "--batch", "-", stdin=json.dumps(line(mail(domain))))
    assert out.returncode == 1 and "parser: No such file" in out.stderr


def test_stages_are_described(box):
    listed = box.ctl("stages")
    assert [s["name"] for s in listed] == ["auth", "allowlist"]
    one = box.ctl_one("stages", box.programs.stages / "allowlist.so")
    assert one["name"] == "allowlist" and "allow" in [o["name"] for o in one["options"]]
    assert box.ctl_one("stages", os.path.relpath(box.programs.stages / "allowlist.so")) == one
    page = box.ctl_run("stages", "auth").stdout
    assert "OPTION" in page and "WRITES" in page and "auth.spf" in page
    manual = box.ctl_run("stages", "--man", box.programs.stages / "allowlist.so").stdout
    assert manual.startswith(".Bl -tag") and ".It Cm allow No = Ar list" in manual


def test_open_stage_files_are_refused(box):
    path = box.programs.stages / "allowlist.so"
    path.chmod(0o666)
    out = box.ctl_run("stages", path)
    assert out.returncode == 1 and str(path) in out.stderr and "chmod" in out.stderr


def test_conf_prints(box):
    changed = box.ctl_run("conf", "-n").stdout
    assert "mx.mailtri.example" in changed and "retain" not in changed
    assert "retain" in box.ctl_run("conf", "-d").stdout
    assert box.ctl_run("conf", "-d", "-n").returncode == 3


def test_commands_of_others(box):
    program = box.programs.roles / "ctl-hello"
    program.write_text('#!/bin/sh\necho "hello $*"\nexit 5\n')
    program.chmod(0o755)
    out = subprocess.run([box.programs.mailtrictl, "hello", "-a", "world"], capture_output=True,
                         text=True, check=False,
                         env={**os.environ, "MAILTRI_LIBEXEC": str(box.programs.roles)})
    assert (out.returncode, out.stdout) == (5, "hello -a world\n")
    for name in ("nosuch", "../ctl-hello"):
        out = subprocess.run([box.programs.mailtrictl, name], capture_output=True, text=True,
                             check=False)
        assert out.returncode == 3 and "no such command" in out.stderr


def test_nobody_listens(box):
    out = box.ctl_run("status")
    assert out.returncode == 1 and "no daemon listens at" in out.stderr
    assert box.ctl_run("audit", "verify").returncode == 3
    assert box.ctl_run("queue", "retry").returncode == 3
