# SPDX-License-Identifier: BSD-2-Clause
"""What an issue is made with: team, labels, priority and assignee of the
configuration, as the API got them."""
import uuid

import pytest
from conftest import GOOD, Stand
from world import wait_until

USER = "ann@good.example"  # whom the fake API knows


def id_of(kind, name):
    """As tests/fake/linear.py makes them."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{name}"))


@pytest.fixture
def configured(world, domains):
    """configured(option=value, ...): a running mailtri, stopped at the end."""
    made = []

    def make(**options):
        mailtri = world.instance(f"issue-{uuid.uuid4().hex[:8]}")
        stages = world.stage_options(mailtri, [GOOD])
        stages["linear-dispatch"] |= options
        mailtri.configure(world.core_options(), stages)
        mailtri.start()
        made.append(mailtri)
        return Stand(world, mailtri, domains)
    yield make
    assert [mailtri.stop() for mailtri in made] == [0] * len(made)


def made_of(stand, title):
    stand.delivered(stand.send(stand.mail(title)).event)
    (issue,) = [issue for issue in stand.linear.issues() if issue["title"] == title]
    return issue


def test_everything_configured_is_in_the_issue(configured):
    issue = made_of(configured(labels=["mail", "bug"], priority="high", assignee=USER), "All of it")
    assert sorted(issue["labelIds"]) == sorted([id_of("label", "mail"), id_of("label", "ENG/bug")])
    assert issue["priority"] == 2 and issue["priorityLabel"] == "High"
    assert issue["assignee"]["email"] == USER
    assert issue["team"]["key"] == "ENG"


def test_nothing_configured_is_not(configured):
    issue = made_of(configured(), "None of it")
    assert (issue["labelIds"], issue["priority"], issue["assignee"]) == ([], 0, None)


@pytest.mark.parametrize("option,value", [("labels", ["no such label"]), ("assignee", "eve@nowhere.example")])
def test_what_the_team_does_not_have_is_named(configured, option, value):
    """No issue is made without what was asked for."""
    stand = configured(**{option: value})
    event = stand.send(stand.mail(f"Without {option}")).event

    wait_until(lambda: stand.mailtri.ctl_one("queue", "show", event)["state"] == "dead",
               f"the end of {event}")
    assert [r["reason"] for r in stand.records(event) if r["reason"].startswith("linear.")] == ["linear.lookup"]
    assert all(issue["title"] != f"Without {option}" for issue in stand.linear.issues())
