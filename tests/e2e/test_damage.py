# SPDX-License-Identifier: BSD-2-Clause
"""Bytes that changed on the disk, and a parser that cannot read what an
earlier one took: the mail in question, never another, and said aloud."""
import contextlib
import os
import shutil
import sqlite3

import pytest
from conftest import TOP
from vaultfile import HEADER, SLOT, SLOTS
from world import Bare, wait_until

LARGE = ("x" * 70 + "\n") * 2000  # beyond what is kept in the row
REFUSER = '''#!/usr/bin/python3
import socket, sys
sys.path.insert(0, "{lib}")
import pack
sock = socket.socket(fileno=3)
pack.frame_send(sock, pack.READY, 0)
while (frame := pack.frame_recv(sock)) is not None:
    pack.frame_send(sock, pack.VIEW, frame.ident,
                    pack.u8(0) + pack.span("the MIME library misplaced a part") + pack.u8(0) + pack.span(""))
'''


def flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 1]))


def body(state, event):
    """In the middle of the file the mail's bytes are kept in."""
    path = state / "bodies" / event
    flip(path, path.stat().st_size // 2)


def slot(state, event):
    """In the message's key, where it lies wrapped."""
    with contextlib.closing(sqlite3.connect(state / "queue.db")) as db:
        (number,) = db.execute("SELECT slot FROM key_slot WHERE event = ?", (event,)).fetchone()
    flip(state / "keys" / f"shard-{number // SLOTS:012x}", HEADER + number % SLOTS * SLOT + 30)


def refused_at_first(world, stand, *messages):
    """Accepted while nobody can be handed anything; their events."""
    world.linear.set_mode("unavailable")
    answers = [stand.send(message) for message in messages]
    assert [a.code for a in answers] == [250] * len(messages)
    return [a.event for a in answers]


@pytest.fixture(autouse=True)
def well_again(world):
    yield
    world.linear.set_mode("ok")


@pytest.mark.parametrize("where,reason", [(body, "host.body.damaged"), (slot, "host.key.gone")])
def test_a_flipped_byte_costs_its_mail(world, start, where, reason):
    stand = start(f"flipped-{where.__name__}", limits={"retry_min": Bare("1s"), "retry_max": Bare("1s")})
    before, event, after = refused_at_first(world, stand, stand.mail("Before", body=LARGE),
                                            stand.mail("Damaged", body=LARGE), stand.mail("After"))
    assert stand.mailtri.stop() == 0
    where(stand.mailtri.state, event)
    world.linear.set_mode("ok")
    stand.mailtri.start()
    stand.delivered(before)
    stand.delivered(after)
    item = wait_until(lambda: (i := stand.mailtri.ctl_one("queue", "show", event))["state"] == "dead" and i,
                      f"the end of {event}")
    assert item["targets"][0]["reason"] == reason
    (record,) = [r for r in stand.records(event) if r["action"]["type"] == "mailtri.damage"]
    assert (record["result"]["status"], record["reason"]) == ("failed", reason)
    assert any(event in line and reason in line and "restore it from a backup" in line
               for line in stand.mailtri.child.lines)
    assert stand.mailtri.ctl_run("audit", "verify").returncode == 0
    assert stand.mailtri.stop() == 0


def test_a_parser_that_cannot_read_it_is_tried_again(world, start):
    """Its bytes are whole: no damage, and another parser reads them."""
    stand = start("unparsed", limits={"retry_min": Bare("1s"), "retry_max": Bare("1s")})
    (event,) = refused_at_first(world, stand, stand.mail("Unreadable"))
    assert stand.mailtri.stop() == 0
    world.linear.set_mode("ok")
    roles = world.folder / "refusing-roles"
    roles.mkdir()
    for path in world.programs.roles.iterdir():
        if path.is_file() and os.access(path, os.X_OK):
            shutil.copy(path, roles / path.name)
    lib = roles / "lib"
    lib.mkdir()
    shutil.copy(TOP / "tests/lib/pack.py", lib)
    (roles / "parser").write_text(REFUSER.format(lib=lib))
    conf = stand.mailtri.conf.read_text()
    stand.mailtri.conf.write_text(conf.replace(str(world.programs.roles), str(roles)))
    kept, world.programs.roles = world.programs.roles, roles
    try:
        stand.mailtri.start()
        wait_until(lambda: any(r["reason"] == "host.parser.refused" for r in stand.records(event)),
                   "an attempt without a view")
        assert any(event in line and "misplaced" in line for line in stand.mailtri.child.lines)
        assert stand.mailtri.ctl_one("queue", "show", event)["state"] in ("active", "deferred")
        assert stand.mailtri.stop() == 0
    finally:
        world.programs.roles = kept
        stand.mailtri.conf.write_text(conf)
    stand.mailtri.start()
    stand.delivered(event)
    assert not any(r["action"]["type"] == "mailtri.damage" for r in stand.records(event))
    assert stand.mailtri.stop() == 0
