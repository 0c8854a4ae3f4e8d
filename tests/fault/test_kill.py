# SPDX-License-Identifier: BSD-2-Clause
"""Any process of mailtri is killed while a mail is at any point of its way:
what was acknowledged is done once, and the audit log verifies.

The points are those of core/base/fault.h; the process that comes to one stops
there until the victim is dead.  A build without --enable-faults has none, and
its processes are killed at any moment only.

	MAILTRI_KILLS	how many, about; every cell of the matrix is met where it
			has no more (200), else some phases are chosen
	MAILTRI_SEED	repeats the order of an earlier run
"""
import collections
import contextlib
import os
import pathlib
import random
import signal
import threading

import pytest
from conftest import BUILD
from instance import Bare, descendants
from load import Load
from world import ADDRESS, wait_until

KILLS = int(os.environ.get("MAILTRI_KILLS", "8"))
SEED = os.environ.get("MAILTRI_SEED") or random.randrange(1 << 32)
SENDERS = 4
PAUSE_S = 0.1  # less than is carried out, or what waits outlives its time
WAIT_S = 60
LOOK_AGAIN_S = 0.002
MASTER = "mailtrid"
VICTIMS = [MASTER, "engine", "front", "keys", "parser", "resolver", "worker:checks",
           "worker-net:linear-dispatch"]
LIMITS = {"retry_min": 1, "retry_max": 1}
RETAIN = "30s"  # longer than anything takes to come back, on a machine that is busy: what is not
# delivered then is given up

# Where the mail is: (what it is called, who stops there, the point).
ANY = ("any moment", None, None)
WAY = [
    ("received", "front", "front.message"),
    ("being parsed", "parser", "parser.run"),
    ("being judged", "worker:checks", "worker.run"),
    ("asking DNS", "resolver", "resolver.ask"),
    ("before commit", "engine", "begin"),
    ("in commit", "engine", "commit"),
    ("committed", "engine", "committed"),
    ("before the answer", "engine", "answer"),
    ("being answered", "front", "front.answer"),
    ("before the attempt", "engine", "attempt.begin"),
    ("dialling", "resolver", "resolver.dial"),
    ("before the call", "worker-net:linear-dispatch", "call.start"),
    ("in the call", None, "slow"),
    ("after the call", "worker-net:linear-dispatch", "call.answered"),
    ("before the record", "engine", "attempt.finish"),
    ("making keys", "keys", "slots.write"),
    ("writing a tile", "engine", "tile.write"),
    ("signing a head", "keys", "keys.sign"),
    ("publishing it", "engine", "checkpoint.rename"),
    ("head published", "engine", "checkpoint.mark"),
]
END = [
    ("before erasing", "engine", "erase.begin"),
    ("erasing the key", "keys", "erase.slots"),
    ("key erased", "keys", "erase.fdatasync"),
    ("before its record", "engine", "erase.finish"),
]


def has_points():
    return b"MAILTRI_STOP" in (BUILD / "engine").read_bytes()


def is_stopped(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    return False


class Warden(threading.Thread):
    """Lets every process go on that stopped at a point, but those wanted."""

    def __init__(self, mailtri):
        super().__init__(daemon=True)
        self._mailtri, self._ended, self._wanted = mailtri, threading.Event(), threading.Event()
        self._caught, self._free = threading.Event(), threading.Event()
        self.pid = None
        self.start()

    def run(self):
        while not self._ended.wait(LOOK_AGAIN_S):
            child = self._mailtri.child
            for pid in descendants(child.pid) if child else ():
                if is_stopped(pid):
                    self._meet(pid)

    def _meet(self, pid):
        if self._wanted.is_set():
            self._wanted.clear()
            self._free.clear()
            self.pid = pid
            self._caught.set()
            self._free.wait()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    @contextlib.contextmanager
    def holding(self, what):
        """The next that stops stays so."""
        self._caught.clear()
        self._wanted.set()
        try:
            assert self._caught.wait(WAIT_S), f"nobody came to: {what}"
            yield self.pid
        finally:
            self._wanted.clear()
            self._free.set()

    def end(self):
        self._ended.set()
        self._free.set()
        self.join(WAIT_S)


class Rig:
    """A mailtri under load whose processes are killed."""

    def __init__(self, world, domain, name, retain):
        self.world, self.mailtri = world, world.instance(name)
        self.mailtri.listen = {f'listen "127.0.0.1:{self.mailtri.port}"': {"tls": Bare("none")}}
        route = {"intents": ["create_task"], "deliver": ["linear-dispatch"], "retain": Bare(retain)}
        self.mailtri.configure(
            world.core_options(limits=LIMITS, **{f'route "{ADDRESS}"': route}),
            world.stage_options(self.mailtri, [domain.name]))
        self.mailtri.environment["MAILTRI_FAULT"] = "purge.due"
        self.killed = collections.Counter()  # by (phase, role)
        self.warden = Warden(self.mailtri)
        self.mailtri.start()
        self.load = Load(name, domain, self.mailtri.port, SENDERS, PAUSE_S)

    def close(self):
        self.load.end()
        self.mailtri.kill()
        self.warden.end()

    def pids(self):
        return {MASTER: [self.mailtri.child.pid], **self.mailtri.roles()}

    def restart_with(self, point):
        """mailtrid is killed; the next one's processes stop at that point."""
        self.load.open.clear()
        self.mailtri.kill()
        self.mailtri.environment.pop("MAILTRI_STOP", None)
        if point:
            self.mailtri.environment["MAILTRI_STOP"] = point
        self.mailtri.start()
        self.load.open.set()

    @contextlib.contextmanager
    def mail_at(self, phase, chance):
        """With a mail at that phase."""
        name, role, point = phase
        if phase is ANY:
            self.progress(chance.randint(1, 2 * SENDERS))
            yield
        elif role is None:  # Linear has done it and is slow to say so
            self.world.linear.set_mode("slow", 1, "create")
            wait_until(lambda: self.world.linear.mode() == "ok", name)
            yield
        else:
            with self.warden.holding(name) as pid:
                assert pid in self.pids().get(role, []), f"not {role} stopped: {name}"
                yield

    def progress(self, count=1):
        self.load.wait_progress(count, self.mailtri.child.tail)

    def kill(self, victim, phase, chance):
        wait_until(lambda: victim in self.pids(), f"{victim} is there")
        with self.mail_at(phase, chance):  # its last life may have ended meanwhile
            pids = wait_until(lambda: self.pids().get(victim), f"{victim} is there")
            os.kill(chance.choice(pids), signal.SIGKILL)
            self.killed[phase[0], victim] += 1
        if victim != MASTER:
            self.progress()

    def made(self):
        return collections.Counter(i["title"] for i in self.world.linear.issues()
                                   if i["title"].startswith(self.load.name + " "))

    def settle(self):
        """Everything delivered and nothing left to do."""
        self.load.end()

        def settled():
            queue = self.mailtri.status()["queue"]
            return queue["active"] == queue["deferred"] == 0
        wait_until(settled, "the end of all deliveries", 300)

    def table(self, phases):
        """Kills by phase and role, for people."""
        width = max(len(name) for name, _, _ in phases)
        short = [v.partition(":")[0] for v in VICTIMS]
        lines = [" " * width + "".join(f"  {s}" for s in short)]
        for name in dict.fromkeys(name for name, _, _ in phases):
            lines.append(name.ljust(width) + "".join(
                f"  {self.killed[name, v]:{len(s)}}" for v, s in zip(VICTIMS, short)))
        return "\n".join(lines)


def choose(phases, chance, of):
    """The phases in the order they come: each as often as KILLS allows for so
    many of them, or only some; what is left over at any moment, or in some."""
    rounds, rest = divmod(KILLS, len(VICTIMS) * of)
    if rounds == 0:
        return chance.sample(phases, max(1, rest // (2 * len(VICTIMS))))
    more = -(-rest // len(VICTIMS))
    return [p for _ in range(rounds) for p in chance.sample(phases, len(phases))] + \
        ([ANY] * more if ANY in phases else chance.choices(phases, k=more))


def run(rig, phases, chance):
    """Every victim in each of the phases; the table."""
    for phase in phases:
        rig.restart_with(phase[2])
        for victim in chance.sample(VICTIMS[1:], len(VICTIMS) - 1):
            rig.kill(victim, phase, chance)
        rig.kill(MASTER, phase, chance)
    rig.restart_with(None)
    return rig.table(phases)


def judge(rig, phases, capsys, of=1 + len(WAY) + len(END)):
    chance = random.Random(f"{SEED} {rig.load.name}")
    phases = choose(phases, chance, of)
    table = run(rig, phases, chance)
    rig.settle()
    made = rig.made()
    lost = [t for t in rig.load.acknowledged if made[t] == 0]
    doubled = [t for t, count in made.items() if count > 1]
    with capsys.disabled():
        print(f"\nMAILTRI_SEED={SEED} {rig.load.name}: {sum(rig.killed.values())} kills, "
              f"{len(rig.load.acknowledged)} acknowledged, {len(lost)} lost, {len(doubled)} doubled")
        print(table)
    assert [(n, v) for n, _, _ in phases for v in VICTIMS if not rig.killed[n, v]] == []
    assert rig.load.refused == []
    assert (lost, doubled) == ([], [])
    assert rig.mailtri.status()["queue"]["dead"] == 0
    out = rig.mailtri.ctl_run("audit", "verify")
    assert out.returncode == 0, out.stdout + out.stderr


def test_killed_on_the_way_of_a_mail(world, domain, capsys):
    phases = [ANY, *(WAY if has_points() else [])]
    with contextlib.closing(Rig(world, domain, "way", "90d")) as rig:
        judge(rig, phases, capsys)
        kept = {item["event"] for item in rig.mailtri.ctl("queue", "list", "--all")
                if item["state"] == "done"}
        assert set(rig.load.acknowledged.values()) - kept == set()
        assert rig.mailtri.stop() == 0


def test_killed_at_the_end_of_a_mail(world, domain, capsys):
    """The same while keys are erased; no erased mail comes back."""
    if not has_points():
        pytest.skip("needs --enable-faults")
    with contextlib.closing(Rig(world, domain, "end", RETAIN)) as rig:
        judge(rig, END, capsys)
        wait_until(lambda: rig.mailtri.ctl("queue", "list", "--all") == [], "the end of all mails")
        assert rig.mailtri.stop() == 0
