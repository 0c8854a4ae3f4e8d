# SPDX-License-Identifier: BSD-2-Clause
"""mailtrictl asks a running mailtri: queue, audit and the proof of it."""
import json
import os

import pytest
from conftest import GOOD, STRANGER
from instance import Bare
from world import wait_until


@pytest.fixture(scope="module")
def patient(start):
    """Tries again only when it is told to."""
    made = start("patient", limits={"retry_min": Bare("1h"), "retry_max": Bare("1h")})
    yield made
    made.linear.set_mode("ok")
    assert made.mailtri.stop() == 0


def state(stand, event):
    return stand.mailtri.ctl_one("queue", "show", event)["state"]


def test_deferred_mail_is_retried_on_demand(patient):
    patient.linear.set_mode("unavailable", 1)
    event = patient.send(patient.mail("Later")).event
    wait_until(lambda: state(patient, event) == "deferred", f"{event} deferred")
    listed = patient.mailtri.ctl_run("queue", "list").stdout
    assert event in listed and "deferred" in listed and "linear.http" in listed
    page = patient.mailtri.ctl_run("queue", "show", event).stdout
    assert "linear-dispatch" in page and "answer seen" in page
    answer = patient.mailtri.ctl_one("queue", "retry", event)
    assert answer["event"] == event
    patient.delivered(event)
    out = patient.mailtri.ctl_run("queue", "retry", event)
    assert out.returncode == 1 and f"{event} is done: only what is deferred" in out.stderr
    acts = [r for r in patient.records(event) if r["reason"] == "operator.retry"]
    assert len(acts) == 1 and acts[0]["authorization"]["role"] == "operator"
    assert acts[0]["operator"] == f"uid:{os.getuid()}"
    assert patient.mailtri.ctl_run("queue", "list").stdout == "nothing\n"


def test_all_are_retried_at_once(patient):
    patient.linear.set_mode("unavailable", 2)
    events = [patient.send(patient.mail(f"Later {i}")).event for i in range(2)]
    for event in events:
        wait_until(lambda e=event: state(patient, e) == "deferred", f"{event} deferred")
    assert {a["event"] for a in patient.mailtri.ctl("queue", "retry", "--all")} == set(events)
    for event in events:
        patient.delivered(event)


def test_unknown_names_are_refused(stand):
    for arguments in (("queue", "show", "evt_none"), ("audit", "show", "evt_none"),
                      ("explain", "evt_none"), ("queue", "retry", "evt_none"),
                      ("queue", "release", "evt_none"), ("queue", "refuse", "evt_none"),
                      ("queue", "discard", "evt_none"), ("queue", "replay", "evt_none"),
                      ("queue", "list", "--state", "asleep"), ("queue", "show", "x" * 100)):
        out = stand.mailtri.ctl_run(*arguments)
        assert out.returncode == 1 and out.stderr.startswith("mailtrictl: "), arguments
        assert out.stdout == ""


def test_audit_pages(stand):
    while stand.record_count() <= 20:  # more than what is shown when nothing is said
        event = stand.send(stand.mail(f"Listed {stand.record_count()}")).event
        stand.delivered(event)
    everything = stand.mailtri.ctl("audit", "list", "--all")
    assert [r["seq"] for r in everything] == list(range(len(everything)))
    assert stand.mailtri.ctl("audit", "list", "-n", "1")[0]["seq"] >= everything[-1]["seq"]
    assert stand.mailtri.ctl("audit", "list", "--from", "0")[:len(everything)] == everything
    assert stand.mailtri.ctl("audit", "list", "--from", "3")[0]["seq"] == 3
    page = stand.mailtri.ctl_run("audit", "show", event).stdout
    assert f"ann@{GOOD}" in page and "create_task" in page and "success" in page
    assert f"ann@{GOOD}" in stand.mailtri.ctl_run("audit", "list").stdout


def test_explain_tells_why_it_was_refused(stand):
    refused = stand.send(stand.mail("Not on the list", domain=STRANGER), f"ann@{STRANGER}")
    assert refused.code == 550
    record = stand.newest(refused.reason)
    page = stand.mailtri.ctl_run("explain", record["eventId"]).stdout
    assert refused.reason in page and page.splitlines()[-1].startswith("rejected  550 ")
    explained = stand.mailtri.ctl_one("explain", record["eventId"])
    assert explained["reason"] == refused.reason
    assert explained["facts"]["auth.dmarc"] == "pass"
    assert explained["signatures"][0]["d"] == STRANGER


def test_the_log_is_verified_where_it_runs(stand, tmp_path):
    stand.delivered(stand.send(stand.mail("Proved")).event)
    stand.export_whole(tmp_path / "early")
    out = stand.mailtri.ctl_run("audit", "verify")
    assert out.returncode == 0 and out.stdout.startswith("intact  ")
    verdict = stand.mailtri.ctl_one("audit", "verify")
    assert verdict["status"] == "intact" and verdict["openings"] > 0
    # A head from before must be contained in the log of now, not the reverse.
    stand.delivered(stand.send(stand.mail("And after")).event)
    stand.export_whole(tmp_path / "late")
    assert stand.mailtri.ctl_run("audit", "verify", "--seen", tmp_path / "early").returncode == 0
    out = stand.mailtri.ctl_run("audit", "verify", tmp_path / "early", "--seen", tmp_path / "late")
    assert out.returncode == 2 and out.stdout.startswith("stale  ")


def test_exit_codes_of_verify(stand, tmp_path):
    path, other = tmp_path / "log", "mx.mailtri.example+00000000+AQ=="
    stand.export_whole(path)
    verify = ("audit", "verify", path)
    assert stand.mailtri.ctl_run(*verify).returncode == 0  # by the installation's own key
    assert stand.mailtri.ctl_run(*verify, "--key", stand.mailtri.state / "audit.pub").returncode == 0
    assert stand.mailtri.ctl_run(*verify, "--key", other).returncode == 3
    assert stand.mailtri.ctl_run("audit", "verify", tmp_path / "none").returncode == 3
    assert stand.mailtri.ctl_run("audit", "verify", "--seen", tmp_path / "none").returncode == 3
    path.write_bytes(path.read_bytes().replace(b"success", b"refused", 1))
    out = stand.mailtri.ctl_run(*verify)
    assert out.returncode == 1 and out.stdout.startswith("altered  ")


def test_openings_are_exported_only_when_asked(stand, tmp_path):
    closed = stand.mailtri.ctl_run("audit", "export").stdout
    opened = stand.mailtri.ctl_run("audit", "export", "--open").stdout
    assert '{"open"' not in closed and '{"open"' in opened
    assert [line for line in opened.splitlines() if not line.startswith('{"open"')][:3] \
        == closed.splitlines()[:3]
    (tmp_path / "opened").write_text(opened)
    assert stand.mailtri.ctl_run("audit", "verify", tmp_path / "opened").returncode == 0
    assert json.loads(closed.splitlines()[-1])["checkpoint"]


def test_status_for_people(stand):
    page = stand.mailtri.ctl_run("status").stdout
    for words in ("ROLE", "front", "QUEUE", "audit key"):
        assert words in page
