# SPDX-License-Identifier: BSD-2-Clause
"""A target that limits, refuses our key or is ill is let alone as a whole:
every mail waits, none is dead of it, all arrive once."""
import contextlib
import pathlib

import pytest
from conftest import GOOD, Stand
from instance import Bare
from world import ADDRESS, wait_until

LIMITS = {"retry_min": Bare("1s"), "retry_max": Bare("1s"), "deliver_age": Bare("1m")}
MAILS = 6
OTHER = "bug.linear@mailtri.example"


@pytest.fixture
def fresh(world, domains):
    """fresh(name, concurrency, limits): one of its own, and its stage options."""
    with contextlib.ExitStack() as stack:
        def make(name, stages=None, limits=None, **options):
            mailtri = world.instance(name)
            given = world.stage_options(mailtri, [GOOD])
            for stage, values in (stages or {}).items():
                given.setdefault(stage, {}).update(values)
            core = world.core_options(limits={**LIMITS, **(limits or {})}, **options)
            mailtri.configure(core, given)
            mailtri.start()
            stack.callback(mailtri.kill)
            stack.callback(world.linear.set_mode, "ok")
            return Stand(world, mailtri, domains)
        yield make


def send(stand, title, count=MAILS):
    return [stand.send(stand.mail(f"{title} {n}")).event for n in range(count)]


def made(stand, title):
    return [i["title"] for i in stand.linear.issues() if i["title"].startswith(title + " ")]


def integration(stand):
    return stand.mailtri.status()["integrations"][0]


def state_is(stand, state):
    wait_until(lambda: integration(stand)["state"] == state, f"an integration that is {state}")


def all_arrive_once(stand, title, events):
    for event in events:
        stand.delivered(event)
    assert sorted(made(stand, title)) == sorted(f"{title} {n}" for n in range(len(events)))
    assert stand.mailtri.status()["queue"]["dead"] == 0


def actions(stand, name):
    wanted = f"mailtri.integration.{name}"
    return [r for r in stand.mailtri.ctl("audit", "list", "-a") if r["action"]["type"] == wanted]


def test_a_limit_holds_every_mail(fresh):
    stand = fresh("limit")
    stand.linear.set_mode("ratelimited", 1)
    events = send(stand, "Limited")
    wait_until(lambda: any(r["reason"] == "linear.ratelimited" for r in stand.records(events[0])) or
               integration(stand)["state"] == "limited", "a limit")
    all_arrive_once(stand, "Limited", events)
    reasons = [r["reason"] for e in events for r in stand.records(e)]
    assert reasons.count("linear.ratelimited") == 1


def paused(stand, title):
    """Mails sent while the key is wrong: nothing but the first is tried."""
    events = send(stand, title, 1)
    state_is(stand, "paused")
    before = stand.linear.state()["requests"]
    events += [stand.send(stand.mail(f"{title} {n}")).event for n in range(1, MAILS)]
    for event in events:
        item = stand.mailtri.ctl_one("queue", "show", event)
        target = item["targets"][0]
        assert item["state"] == "deferred"
        assert (target["state"], target["integration"]) == ("paused", "paused")
        assert target["reason"] == "linear.authentication"
    assert [stand.mailtri.ctl_one("queue", "show", e)["targets"][0]["attempts"]
            for e in events[1:]] == [0] * (MAILS - 1)
    assert stand.linear.state()["requests"] == before
    return events


def test_a_wrong_key_pauses_until_it_is_right(fresh, world):
    stand = fresh("paused", limits={"retry_max": Bare("1h")})
    key = pathlib.Path(stand.mailtri.etc / "linear.key")
    key.write_text("lin_api_of_yesterday")
    stand.mailtri.ctl("reload")
    events = paused(stand, "Paused")
    assert "linear.authentication" in stand.mailtri.ctl_run("status").stdout
    probe = stand.mailtri.ctl_run("probe", "linear-dispatch")
    assert (probe.returncode, probe.stdout.split()[0]) == (1, "refused"), probe.stdout
    key.write_text(world.linear.token)
    stand.mailtri.ctl("reload")
    all_arrive_once(stand, "Paused", events)
    log = (stand.mailtri.folder / "mailtrid.log").read_text()
    assert log.count("is paused, reason=linear.authentication") == 1
    (record,), (end,) = actions(stand, "paused"), actions(stand, "resumed")
    assert record["action"]["target"] == "linear-dispatch"
    assert (record["reason"], end["reason"]) == ("linear.authentication", "probe.passed")
    assert stand.mailtri.ctl_one("probe", "linear-dispatch")["result"] == "passed"
    assert stand.mailtri.stop() == 0


def test_a_pause_survives_and_a_person_ends_it(fresh):
    stand = fresh("survives", limits={"retry_max": Bare("1h")})
    stand.linear.set_mode("expired")
    events = paused(stand, "Survived")
    assert stand.mailtri.stop() == 0
    stand.mailtri.start()
    state_is(stand, "paused")  # half open, one trial, refused again
    stand.linear.set_mode("ok")
    answer = stand.mailtri.ctl_one("queue", "resume", "linear-dispatch")
    assert (answer["paused"], answer["changed"]) == (False, True)
    all_arrive_once(stand, "Survived", events)
    assert actions(stand, "resumed")[-1]["operator"].startswith("uid:")


def test_a_restart_after_the_cure_goes_on_by_itself(fresh):
    stand = fresh("cured", limits={"retry_max": Bare("1h")})
    stand.linear.set_mode("expired")
    events = paused(stand, "Cured")
    assert stand.mailtri.stop() == 0
    stand.linear.set_mode("ok")
    stand.mailtri.start()
    all_arrive_once(stand, "Cured", events)


def test_a_person_pauses_one_stage(fresh):
    stand = fresh("person")
    assert stand.mailtri.ctl_one("queue", "pause", "linear-dispatch")["changed"]
    assert not stand.mailtri.ctl_one("queue", "pause", "linear-dispatch")["changed"]
    events = send(stand, "By hand", 1)
    assert stand.mailtri.stop() == 0
    stand.mailtri.start()
    state_is(stand, "paused")
    shown = stand.mailtri.ctl_one("queue", "show", events[0])["targets"][0]
    assert (shown["reason"], shown["attempts"], shown["due"]) == ("operator.pause", 0, None)
    stand.mailtri.ctl("queue", "resume", "linear-dispatch")
    all_arrive_once(stand, "By hand", events)
    wrong = stand.mailtri.ctl_run("queue", "pause", "auth")
    assert wrong.returncode == 1 and "no stage auth delivers" in wrong.stderr


def test_a_pause_outlives_the_stage(fresh, world):
    """Taken out and put back: whoever paused it did not end that."""
    stand = fresh("absent")
    stand.mailtri.ctl("queue", "pause", "linear-dispatch")
    stages = world.stage_options(stand.mailtri, [GOOD])
    without = {f'route "{ADDRESS}"': {"intents": ["create_task"]}}
    stand.mailtri.configure(world.core_options(limits=LIMITS, **without), stages)
    stand.mailtri.ctl("reload")
    wait_until(lambda: not stand.mailtri.status()["integrations"], "no integration")
    stand.mailtri.configure(world.core_options(limits=LIMITS), stages)
    stand.mailtri.ctl("reload")
    state_is(stand, "paused")
    events = send(stand, "Absent", 2)
    shown = stand.mailtri.ctl_one("queue", "show", events[0])["targets"][0]
    assert (shown["reason"], shown["attempts"]) == ("operator.pause", 0)
    stand.mailtri.ctl("queue", "resume", "linear-dispatch")
    all_arrive_once(stand, "Absent", events)


def test_five_failures_open_and_one_success_closes(fresh):
    stand = fresh("breaker")
    stand.linear.set_mode("unavailable", 7)
    events = send(stand, "Broken", 8)
    all_arrive_once(stand, "Broken", events)
    state_is(stand, "running")
    log = (stand.mailtri.folder / "mailtrid.log").read_text()
    assert log.count("integration linear-dispatch  fails, reason=linear.http") == 1
    assert "integration linear-dispatch  works again" in log


@pytest.mark.parametrize("bound", [1, 2])
def test_no_more_calls_than_allowed(fresh, bound):
    stand = fresh(f"bound-{bound}", stages={"linear-dispatch": {"concurrency": bound}})
    stand.linear.forget_most()
    stand.linear.set_mode("slow", 4)
    events = send(stand, f"Bound {bound}", 5)
    all_arrive_once(stand, f"Bound {bound}", events)
    assert stand.linear.state()["most"] == bound


def test_one_that_is_paused_starves_no_other(fresh):
    """The mails of a stage that waits lie before those of another."""
    both = {f'route "{ADDRESS}"': {"intents": ["create_task"], "deliver": ["linear-dispatch"]},
            f'route "{OTHER}"': {"intents": ["create_task"], "deliver": ["t-deliver"]}}
    stand = fresh("starve", stages={"t-deliver": {}}, **both)
    stand.mailtri.ctl("queue", "pause", "linear-dispatch")
    waiting = send(stand, "Starving", 40)
    free = stand.send(stand.mail("Passing by", to=OTHER), to=OTHER).event
    stand.delivered(free)
    assert stand.mailtri.status()["queue"]["active"] == 40
    stand.mailtri.ctl("queue", "resume", "linear-dispatch")
    all_arrive_once(stand, "Starving", waiting)


def test_dead_letters(fresh):
    stand = fresh("dead")
    stand.linear.set_mode("invalid", 0, "create")
    events = send(stand, "Dead", 3)
    for event in events:
        wait_until(lambda e=event: stand.mailtri.ctl_one("queue", "show", e)["state"] == "dead",
                   f"the end of {event}")
    rows = stand.mailtri.ctl("queue", "dead", "ls")
    assert [r["event"] for r in rows] == events
    assert {(r["stage"], r["attempts"], r["reason"], r["text"]) for r in rows} == {
        ("linear-dispatch", 1, "linear.invalid", rows[0]["text"])}
    assert "Argument Validation Error" in rows[0]["text"]
    assert "Argument Validation Error" in stand.mailtri.ctl_run("queue", "dead", "show", events[0]).stdout
    assert all(b"Argument Validation" not in path.read_bytes()
               for path in stand.mailtri.state.rglob("*") if path.is_file())
    assert stand.mailtri.ctl("queue", "dead", "ls", "--stage", "other") == []
    refused = stand.mailtri.ctl_run("queue", "dead", "discard", events[0], stdin="")
    assert refused.returncode == 3 and "--yes" in refused.stderr
    stand.mailtri.ctl("queue", "dead", "discard", events[0], "--yes")
    stand.linear.set_mode("ok")
    stand.mailtri.ctl("queue", "dead", "replay", "--all", "--stage", "linear-dispatch")
    for event in events[1:]:
        stand.delivered(event)
    assert made(stand, "Dead") == ["Dead 1", "Dead 2"] or made(stand, "Dead") == ["Dead 2", "Dead 1"]
    assert stand.mailtri.ctl_run("queue", "dead", "replay", events[1]).returncode == 1  # it is done
    assert [r["operator"][:4] for r in stand.records(events[1])
            if r["action"]["type"] == "mailtri.replay"] == ["uid:"]


def test_probe_exit_status(fresh):
    stand = fresh("probe")
    run = stand.mailtri.ctl_run
    assert run("probe", "linear-dispatch", "--route", ADDRESS).returncode == 0
    stand.linear.set_mode("unavailable", 1)
    assert run("probe", "linear-dispatch").returncode == 2
    for wrong in (("probe", "nothing"), ("probe", "allowlist"), ("probe",),
                  ("probe", "linear-dispatch", "--route", "no.such@mailtri.example")):
        assert run(*wrong).returncode == 3, wrong
