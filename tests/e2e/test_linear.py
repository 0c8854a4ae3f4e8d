# SPDX-License-Identifier: BSD-2-Clause
"""Linear in every mood: whatever it answers, or does not, a mail becomes one
issue, or none and a person is told."""
import json
import ssl
import urllib.request

import pytest
from conftest import GOOD, Stand
from instance import Bare
from world import wait_until

QUICK = {"retry_min": Bare("1s"), "retry_max": Bare("1s")}


@pytest.fixture(scope="module")
def quick(start, world):
    """One that tries again at once, and gives up on a silent server soon."""
    made = start("linear", limits=QUICK)
    yield made
    world.linear.set_mode("ok")
    assert made.mailtri.stop() == 0


def titled(stand, title):
    return [issue for issue in stand.linear.issues() if issue["title"] == title]


def outcomes(stand, event):
    """Reasons of the attempts that ended, in order."""
    return [r["reason"] for r in stand.records(event) if r["reason"].startswith("linear.")]


# mode: what the first attempt is said to have ended with
TRIED_AGAIN = {
    "ratelimited": "linear.ratelimited", "internal": "linear.internal",
    "locked": "linear.busy", "unavailable": "linear.http", "page": "linear.reply",
    "lost": "linear.broken", "truncated": "linear.reply", "mistyped": "linear.reply",
    "ratelimited_429": "linear.ratelimited",
}


@pytest.mark.parametrize("on", ["all", "create"])
@pytest.mark.parametrize("mode", TRIED_AGAIN)
def test_what_passes_is_tried_again(quick, mode, on):
    title = f"Through {mode} of {on}"
    quick.linear.set_mode(mode, 1, on)
    event = quick.send(quick.mail(title)).event
    quick.delivered(event)
    assert len(titled(quick, title)) == 1
    made = outcomes(quick, event)
    assert made[0] == TRIED_AGAIN[mode]
    done = "linear.exists" if on == "create" and mode in ("lost", "truncated", "mistyped") \
        else "linear.created"
    assert made[-1] == done


def test_a_reply_that_never_comes(quick):
    """Carried out, then silence until the request is given up."""
    quick.linear.set_mode("stall", 1, "create")
    event = quick.send(quick.mail("In silence")).event
    wait_until(lambda: outcomes(quick, event), "the end of a silent attempt", 90)
    quick.delivered(event)
    assert outcomes(quick, event) == ["linear.broken", "linear.exists"]
    assert len(titled(quick, "In silence")) == 1


def test_a_slow_reply_is_waited_for(quick):
    quick.linear.set_mode("slow", 1, "create")
    event = quick.send(quick.mail("Slowly")).event
    quick.delivered(event)
    assert outcomes(quick, event) == ["linear.created"]


# mode: what is said of it
GIVEN_UP = {"invalid": "linear.invalid", "success_false": "linear.refused"}


@pytest.mark.parametrize("mode", GIVEN_UP)
def test_what_linear_refuses_is_dead(quick, mode):
    title = f"Refused as {mode}"
    quick.linear.set_mode(mode, 1, "create")
    event = quick.send(quick.mail(title)).event
    wait_until(lambda: quick.mailtri.ctl_one("queue", "show", event)["state"] == "dead",
               f"the end of {event}")
    assert outcomes(quick, event) == [GIVEN_UP[mode]]
    assert titled(quick, title) == []
    quick.mailtri.ctl("queue", "retry", event)
    quick.delivered(event)
    assert len(titled(quick, title)) == 1


@pytest.mark.parametrize("mode", ["expired", "forbidden", "usage"])
def test_a_refused_key_keeps_the_mail(quick, mode):
    title = f"Kept by {mode}"
    quick.linear.set_mode(mode)
    event = quick.send(quick.mail(title)).event
    wait_until(lambda: outcomes(quick, event), f"an attempt for {event}")
    assert titled(quick, title) == []
    quick.linear.set_mode("ok")
    quick.delivered(event)
    assert len(titled(quick, title)) == 1


def requests(world):
    """How many requests the API was sent, these not counted."""
    context = ssl.create_default_context(cafile=str(world.authority.path))
    with urllib.request.urlopen(f"https://{world.linear.address}/control", context=context,
                                timeout=20) as reply:
        return json.load(reply)["requests"]


def test_the_wrong_server_learns_nothing(world, domains):
    """A pin that does not fit: not one request arrives."""
    mailtri = world.instance("pinned")
    stages = world.stage_options(mailtri, [GOOD])
    stages["linear-dispatch"]["endpoint_pin"] = ["sha256//" + c * 43 + "=" for c in "AB"]
    mailtri.configure(world.core_options(limits=QUICK), stages)
    mailtri.start()
    made = Stand(world, mailtri, domains)
    before = requests(world)
    event = made.send(made.mail("To nobody")).event
    wait_until(lambda: len(outcomes(made, event)) > 1, f"two attempts for {event}")
    assert set(outcomes(made, event)) == {"linear.unreachable"}
    assert requests(world) == before
    assert mailtri.stop() == 0


@pytest.mark.parametrize("pins", ["authority", "next", "none"])
def test_any_pin_will_do(world, domains, pins):
    """The key of the server, of an authority above it, or any key."""
    other = "sha256//" + "A" * 43 + "="
    chosen = {"authority": [other, world.authority.pin], "next": [other, world.linear.pin],
              "none": ["none"]}[pins]
    mailtri = world.instance(f"pins-{pins}")
    stages = world.stage_options(mailtri, [GOOD])
    stages["linear-dispatch"]["endpoint_pin"] = chosen
    mailtri.configure(world.core_options(limits=QUICK), stages)
    mailtri.start()
    made = Stand(world, mailtri, domains)
    made.delivered(made.send(made.mail(f"By {pins}")).event)
    assert mailtri.stop() == 0


def pins_of(stand, world, *options):
    return stand.mailtri.ctl_run("pins", *options, "--ca", world.authority.path, "--connect",
                                 world.linear.address, world.linear.name)


def test_pins_are_told(quick, world):
    out = pins_of(quick, world, "--json")
    rows = [json.loads(line) for line in out.stdout.splitlines()]
    assert out.returncode == 0, out.stderr
    assert [row["pin"] for row in rows] == [world.linear.pin, world.authority.pin]
    assert [row["depth"] for row in rows] == [0, 1]
    assert world.linear.name in rows[0]["subject"]
    table = pins_of(quick, world).stdout.splitlines()
    assert len(table) == 3 and world.authority.pin in table[2]


@pytest.mark.parametrize("arguments,why", [
    (("--connect", "{address}", "{name}"), "certificate"),  # of no authority of the system
    (("--ca", "{ca}", "--connect", "{address}", "other.example"), "ostname"),
    (("--ca", "{ca}", "--connect", "127.0.0.1:1", "{name}"), "connect"),
    (("--ca", "/nowhere", "--connect", "{address}", "{name}"), "/nowhere"),
])
def test_no_pin_of_what_cannot_be_trusted(quick, world, arguments, why):
    words = [a.format(address=world.linear.address, name=world.linear.name,
                      ca=world.authority.path) for a in arguments]
    out = quick.mailtri.ctl_run("pins", *words)
    assert (out.returncode, out.stdout) == (1, "")
    assert why in out.stderr, out.stderr
