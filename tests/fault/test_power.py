# SPDX-License-Identifier: BSD-2-Clause
"""The power goes while mail comes in and goes out: what was acknowledged is
there afterwards, was done once, and the audit log verifies.

	MAILTRI_CUTS	how many cuts on each file system
	MAILTRI_SEED	repeats the moments of an earlier run
"""
import collections
import contextlib
import dataclasses
import os
import random
import shutil

import pytest
from child import Failed
from conftest import BUILD
from disk import Disk, missing
from instance import ROLES, Bare
from load import Load
from world import wait_until

CUTS = int(os.environ.get("MAILTRI_CUTS", "2"))
SEED = os.environ.get("MAILTRI_SEED") or random.randrange(1 << 32)
SENDERS = 24
MAILS = 100  # acknowledged between two cuts, on average
DELIVERED_S = 600
LIMITS = {"retry_min": 1, "retry_max": 1, "connections_per_client": 100, "disk_reserve": 16 << 20}


class Rig:
    """A mailtri whose state is on a disk that loses its power."""

    def __init__(self, world, domain, disk):
        self.world, self.disk = world, disk
        self.mailtri = world.instance(f"power-{disk.kind}")
        self.mailtri.state = self.disk.at / "state"
        self.mailtri.state.mkdir()
        self.mailtri.listen = {f'listen "127.0.0.1:{self.mailtri.port}"': {"tls": Bare("none")}}
        self.domain = domain
        self.configure(world.programs)
        self.mailtri.start()
        self.load = Load(disk.kind, domain, self.mailtri.port, SENDERS)
        self.heads = []  # [(records before the cut, after it)]

    def configure(self, programs):
        self.mailtri.programs = programs
        self.mailtri.configure(self.world.core_options(limits=LIMITS),
                               self.world.stage_options(self.mailtri, [self.domain.name]))

    def records(self):
        return self.mailtri.status()["audit"]["records"]

    def wait_progress(self, count):
        self.load.wait_progress(count, self.mailtri.child.tail)

    def cut(self, chance):
        """Power off at some moment of the load, then on again."""
        self.wait_progress(chance.randint(1, 2 * MAILS - 1))
        before, engine = self.records(), self.mailtri.roles().get("engine")
        self.load.cuts += 1
        self.disk.cut()
        if chance.random() < 0.2:  # a disk that fails and a machine that goes on
            wait_until(lambda: self.mailtri.roles().get("engine") != engine, "the engine's end")
        self.load.open.clear()
        self.mailtri.kill()
        self.disk.unmount()
        self.disk.mount()
        self.mailtri.start()
        self.heads.append((before, self.records()))
        self.load.open.set()

    def settle(self):
        """All deliveries over."""
        def settled():
            queue = self.mailtri.status()["queue"]
            return queue["active"] == queue["deferred"] == 0
        wait_until(settled, "the end of all deliveries", DELIVERED_S)

    def lost(self):
        """Acknowledged mails that mailtri does not know, or that led nowhere:
        (title, event, state, issues)."""
        kept = {item["event"]: item["state"] for item in self.mailtri.ctl("queue", "list", "--all")}
        made = self.made()
        return [(title, event, kept.get(event, "unknown"), made[title])
                for title, event in self.load.acknowledged.items()
                if kept.get(event) != "done" or not made[title]]

    def made(self):
        """{title: how many issues} of this rig's mails."""
        return collections.Counter(i["title"] for i in self.world.linear.issues()
                                   if i["title"].startswith(self.load.name + " "))

    def close(self):
        self.load.end()
        self.mailtri.kill()


@pytest.fixture
def disk(kind, world):
    reason = missing(kind)
    if reason:
        pytest.skip(reason)
    made = Disk(world.folder / "disks", kind)
    try:
        made.make()
        made.mount()
    except Failed as failure:
        made.close()
        pytest.skip(str(failure))
    yield made
    made.close()


@pytest.fixture
def rig(world, domain, disk):
    with contextlib.closing(Rig(world, domain, disk)) as made:
        yield made


@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_power_cuts(rig):
    chance = random.Random(f"{SEED} {rig.disk.kind}")
    for _ in range(CUTS):
        rig.cut(chance)
    rig.load.wait_total(CUTS * MAILS, rig.mailtri.child.tail)
    rig.load.end()
    rig.settle()
    doubled = [title for title, count in rig.made().items() if count > 1]
    print(f"MAILTRI_SEED={SEED} {rig.disk.kind}: {CUTS} cuts, acknowledged: {len(rig.load.acknowledged)}, "
          f"unheard: {len(rig.load.unheard)}, issues: {sum(rig.made().values())}")
    assert rig.load.refused == []
    assert (rig.lost(), doubled) == ([], [])
    assert [h for h in rig.heads if h[1] < h[0]] == []
    assert rig.mailtri.status()["queue"]["dead"] == 0
    out = rig.mailtri.ctl_run("audit", "verify")
    assert out.returncode == 0, out.stdout + out.stderr
    assert rig.mailtri.stop() == 0


@pytest.fixture
def unsynced(world):
    """The programs, with roles for which syncing does nothing."""
    roles = world.folder / "unsynced-roles"
    roles.mkdir(exist_ok=True)
    for name in ROLES:
        shutil.copy(world.programs.roles / name, roles / name)
    for name in ("engine", "keys"):
        liar = BUILD / f"tests/fault/{name}-unsynced"
        if not liar.exists():
            pytest.skip(f"{liar.name} is not built here")
        shutil.copy(liar, roles / name)
    return dataclasses.replace(world.programs, roles=roles)


@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_a_disk_that_lies_is_found(rig, unsynced):
    """The same cuts and the same search, where syncing does nothing."""
    rig.wait_progress(1)
    rig.load.open.clear()
    assert rig.mailtri.stop() == 0
    os.sync()  # a state to come back to
    rig.configure(unsynced)
    rig.mailtri.start()
    rig.load.open.set()
    chance = random.Random(1)
    for _ in range(2):
        rig.cut(chance)
    rig.load.end()
    rig.settle()
    lost = rig.lost()
    print(f"{rig.disk.kind}: acknowledged: {len(rig.load.acknowledged)}, lost: {len(lost)}")
    assert lost != []
