# SPDX-License-Identifier: BSD-2-Clause
"""A dispatch stage that dies, hangs, fills memory, lies or leaks for one mail,
every time: that mail is deferred again and again, intake goes on, what others
sent is delivered."""
import pytest
from world import ADDRESS, Bare, wait_until

OTHERS = 10
UNDER_WAY = ("active", "deferred")  # in an attempt, between two


@pytest.fixture(scope="module")
def stand(start):
    route = {f'route "{ADDRESS}"': {"intents": ["create_task"], "deliver": ["t-deliver"]}}
    made = start("deliver", stages={"t-deliver": {"deadline": Bare("1s")}}, pipeline=["auth", "allowlist"], **route,
                 limits={"retry_min": Bare("1s"), "retry_max": Bare("1s")})
    yield made
    assert made.mailtri.stop() == 0


def discard(stand, event):
    """Between two attempts."""
    wait_until(lambda: stand.mailtri.ctl_run("queue", "discard", event).returncode == 0,
               "the end of its attempt", 60)


def test_a_death_costs_the_mail_in_hand(stand):
    engine, front = stand.mailtri.roles()["engine"], stand.mailtri.roles()["front"]
    bad = stand.send(stand.mail("Killer", fields=[("X-Test-Deliver", "crash")]))
    assert bad.code == 250

    def deaths():
        return [r for r in stand.records(bad.event) if r.get("reason") == "host.stage.died"]
    wait_until(deaths, "the worker's first death", 60)
    others = [stand.send(stand.mail(f"Bystander {n}")) for n in range(OTHERS)]
    assert [a.code for a in others] == [250] * OTHERS
    for answer in others:
        stand.delivered(answer.event)
    wait_until(lambda: len(deaths()) >= 3, "three deaths", 120)
    assert stand.send(stand.mail("After three")).code == 250
    assert stand.mailtri.ctl_one("queue", "show", bad.event)["state"] in UNDER_WAY
    discard(stand, bad.event)
    assert (stand.mailtri.roles()["engine"], stand.mailtri.roles()["front"]) == (engine, front)


@pytest.mark.parametrize("act, reason, dies", [
    ("hang", "host.stage.died", True), ("memory", "host.stage.died", True),
    ("leak", "host.stage.died", True), ("fact", "host.stage.failed", False),
    ("outcome", None, False)])
def test_it_costs_one_delivery_its_attempt(stand, act, reason, dies):
    before = stand.mailtri.roles()
    bad = stand.send(stand.mail(f"Bad {act}", fields=[("X-Test-Deliver", act)]))
    assert bad.code == 250

    def cost():
        if reason is None:
            return stand.mailtri.ctl_one("queue", "show", bad.event)["state"] == "dead"
        return [r for r in stand.records(bad.event) if r.get("reason") == reason]
    wait_until(cost, f"what {act} costs", 60)
    others = [stand.send(stand.mail(f"Beside {act} {n}", body="y\n" * 40000)) for n in range(3)]
    for answer in others:
        stand.delivered(answer.event)
    item = stand.mailtri.ctl_one("queue", "show", bad.event)
    assert item["state"] in (UNDER_WAY if reason else ("dead",)), item
    if reason:
        discard(stand, bad.event)
    after = stand.mailtri.roles()
    assert [after[name] for name in ("engine", "front", "keys", "parser")] == \
        [before[name] for name in ("engine", "front", "keys", "parser")]
    if not dies:
        assert after["worker-net:t-deliver"] == before["worker-net:t-deliver"]


def test_what_it_asks_to_dial_costs_nobody(stand):
    """It writes over its worker what the resolver could not read."""
    before = stand.mailtri.roles()
    dialler = stand.send(stand.mail("Dialler", fields=[("X-Test-Deliver", "dial")]))
    stand.delivered(dialler.event)
    stand.delivered(stand.send(stand.mail("Asks DNS behind it")).event)
    log = (stand.mailtri.folder / "mailtrid.log").read_text()
    assert log.count("a dial is refused: no request to dial") == 2
    assert stand.mailtri.roles() == before
