# SPDX-License-Identifier: BSD-2-Clause
"""Stages that crash, hang, lie, leak and attack: each costs one message its
policy, the daemon nothing, and other mail nothing."""
import contextlib
import errno
import os
import pathlib
import re
import threading

import pytest
from child import Failed
from conftest import e2e
from world import ADDRESS, Bare, wait_until

TOP = e2e.TOP
SOURCE = (TOP / "tests/stages/t-hostile.c").read_text()
CALLS = re.findall(r'^\t\{ "([a-z0-9_-]+)", SYS_', SOURCE, re.M)
DEATHS = ["segv", "abort", "trap", "stack", "exit", "memory", "garbage", "forge", "close"]
LIES = ["verdict", "wait", "return"]
REFUSALS = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EAFNOSUPPORT}
GOOD = "ann@good.example"
HOSTILE = {"t-hostile": {"deadline": Bare("2s")}}


def hostile(stand, act, number=0):
    """The answer to a mail that asks for it, each mail another one."""
    return stand.send(stand.mail(f"Hostile {act} {number}", fields=[("X-Test-Do", act)]))


class Others(threading.Thread):
    """Mail that has nothing to do with it: all of it is to be accepted."""

    def __init__(self, stand):
        super().__init__(daemon=True)
        self.stand, self.ended = stand, threading.Event()
        self.accepted, self.wrong = 0, []

    def run(self):
        while not self.ended.is_set():
            answer = self.stand.send(self.stand.mail(f"Other {self.accepted}"))
            if answer.code == 250:
                self.accepted += 1
            else:
                self.wrong.append(str(answer))

    def __enter__(self):
        self.start()
        wait_until(lambda: self.accepted, "the first of the other mails")
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join(60)


def facts(stand, act):
    """What `mailtrictl check' says the stage found."""
    message = stand.mail(f"Check {act}", fields=[("X-Test-Do", act)])
    return stand.mailtri.ctl_one("check", "-", "--client", "127.0.0.1", "--helo", "mx.good.example",
                                 "--mail-from", GOOD, "--rcpt", ADDRESS, "--stage", "t-hostile",
                                 stdin=message.decode())


@pytest.fixture(scope="module")
def stand(start):
    made = start("hostile", stages=HOSTILE, pipeline=["auth", "allowlist", "t-hostile"])
    yield made
    assert made.mailtri.stop() == 0


def pids(stand, *names):
    roles = stand.mailtri.roles()
    return {name: roles.get(name) for name in names}


def test_more_than_forty_calls_are_tried():
    assert len(set(CALLS)) >= 40


def sigsys_ends(stand):
    """How many workers of the hostile stage the kernel ended for a call."""
    return sum("worker:t-hostile ended (signal 31" in line for line in stand.mailtri.child.lines)


def test_forbidden_calls(stand):
    """Each is asked for by a mail: the kernel kills the worker by SIGSYS and the
    mail gets its 451, or the call is refused and the mail goes on."""
    before = pids(stand, "engine", "front", "keys", "parser", "worker:checks")
    killed, refused, allowed, ended = [], [], [], sigsys_ends(stand)
    with Others(stand) as others:
        for call in CALLS:
            answer = hostile(stand, f"call {call}")
            if answer.code == 451:
                killed.append(call)
                wait_until(lambda: sigsys_ends(stand) == ended + len(killed),
                           f"a worker that {call} ended by SIGSYS")
                continue
            assert answer.code == 250, (call, str(answer))
            found = facts(stand, f"call {call}")["facts"]["t-hostile.result"]
            number = re.fullmatch(r"errno (\d+)", found)
            (refused if number and int(number[1]) in REFUSALS else allowed).append((call, found))
    print(f"{len(killed)} killed, refused: {refused}")
    assert allowed == []
    assert len(killed) + len(refused) == len(CALLS)
    assert others.wrong == [] and others.accepted > 0
    assert pids(stand, *before) == before


@pytest.mark.parametrize("act", DEATHS)
def test_death_costs_one_mail(stand, act):
    before = pids(stand, "engine", "front", "keys", "parser", "worker:checks")
    since = stand.record_count()
    with Others(stand) as others:
        assert hostile(stand, act).code == 451
    assert others.wrong == []
    assert pids(stand, *before) == before
    assert stand.newest("host.stage.failed", since=since)


def test_one_in_ten_is_hostile(stand):
    """Whatever the hostile tenth does, the others get their 250."""
    acts = ["hang", *DEATHS, "call fork", "call socket-inet", "call execve", "hang"]
    answers, lock = [], threading.Lock()

    def send(worker):
        for n in range(worker, 150, 5):
            killer = n % 10 == 7
            answer = hostile(stand, acts[n // 10 % len(acts)], f"tenth {n}") if killer else \
                stand.send(stand.mail(f"Tenth {n}"))
            with lock:
                answers.append((killer, answer.code))

    threads = [threading.Thread(target=send, args=(worker,)) for worker in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [code for killer, code in answers if not killer] == [250] * 135
    assert {code for killer, code in answers if killer} == {451}


def test_a_hang_costs_one_mail(stand):
    answer = hostile(stand, "hang")
    assert answer.code == 451
    assert stand.newest("host.stage.timeout")
    assert stand.send(stand.mail("After the hang")).code == 250


@pytest.mark.parametrize("act", LIES)
def test_a_lie_is_a_failure(stand, act):
    before = pids(stand, "worker:t-hostile")
    assert hostile(stand, act).code == 451
    assert pids(stand, "worker:t-hostile") == before  # nobody died of it


def test_a_false_size_changes_nothing(stand):
    assert hostile(stand, "size").code == 250


def test_endless_reason_and_text(stand):
    """Fields without an end, line ends in a reply, codes that do not fit."""
    answer = hostile(stand, "reason")
    assert answer.code == 550 and str(answer).count("\n") == 0
    assert stand.newest("r" * 63)


def test_undeclared_facts(stand):
    """EPERM, EINVAL, EMSGSIZE: and the mail keeps its own facts."""
    answer = facts(stand, "facts")
    assert answer["facts"]["t-hostile.result"] == f"{errno.EPERM} {errno.EINVAL} {errno.EMSGSIZE}"
    assert "t-hostile.flag" not in answer["facts"]


@pytest.mark.parametrize("policy, code, reason", [
    ("tempfail", 451, "host.stage.failed"), ("skip", 250, None),
    ("quarantine", 250, "host.stage.failed")])
def test_the_policy_is_what_it_costs(start, policy, code, reason):
    stand = start(f"policy-{policy}", stages={"t-hostile": {"on_error": policy}},
                  pipeline=["auth", "allowlist", "t-hostile"])
    answer = hostile(stand, "abort")
    assert answer.code == code
    if reason:
        assert stand.newest(reason)
    assert stand.send(stand.mail("Then")).code == 250
    assert stand.mailtri.stop() == 0


def test_leaked_descriptors(start, world):
    """Its file alone can be read; when it has leaked all it may, a mail or so
    gets 451 and a new worker goes on."""
    own = world.folder / "word.txt"
    own.write_text("x")
    own.chmod(0o644)
    stand = start("leak", stages={"t-leak": {"file": own, "on_error": "tempfail"}},
                  pipeline=["auth", "allowlist", "t-leak"])
    answers = [stand.send(stand.mail(f"Leak {n}", body="y\n" * 40000 if n > 20 else "")).code
               for n in range(60)]
    found = stand.mailtri.ctl_one(
        "check", "-", "--client", "127.0.0.1", "--helo", "mx.good.example", "--mail-from", GOOD,
        "--rcpt", ADDRESS, "--stage", "t-leak", stdin=stand.mail("Leak").decode())["facts"]
    assert found["t-leak.own"] > 2
    assert found["t-leak.other"] == -errno.EACCES
    assert set(answers) <= {250, 451} and answers.count(451) < 10
    assert stand.mailtri.stop() == 0


def test_a_newer_stage_runs(start):
    stand = start("newer", stages={"t-newer": {"count": 17}},
                  pipeline=["auth", "allowlist", "t-newer"])
    found = stand.mailtri.ctl_one(
        "check", "-", "--client", "127.0.0.1", "--helo", "mx.good.example", "--mail-from", GOOD,
        "--rcpt", ADDRESS, "--stage", "t-newer", stdin=stand.mail("Newer").decode())["facts"]
    assert found["t-newer.count"] == 17 and found["t-newer.host"] > 0
    assert stand.mailtri.stop() == 0


def test_a_stage_too_old_is_refused(world):
    mailtri = world.instance("older")
    mailtri.configure(world.core_options(pipeline=["auth", "allowlist", "t-older"]),
                      {**world.stage_options(mailtri, ["good.example"]), "t-older": {}})
    status, said = mailtri.check_configuration()
    assert status != 0
    assert "struct mt_stage has" in said and "rebuild the stage" in said


# Role: threads or not, descriptors, whether its memory has a limit.
LIMITS = {"front": (False, 2064, True), "engine": (True, None, False),
          "parser": (False, 32, True), "worker": (False, 32, True),
          "worker-net": (False, 2048, True), "resolver": (True, 8192, True),
          "keys": (False, 256, True)}


def limits_of(pid):
    """The hard limits, by name."""
    text = pathlib.Path(f"/proc/{pid}/limits").read_text()
    return {line[:26].strip(): line[47:68].strip() for line in text.splitlines()[1:]}


def status_of(pid):
    return dict(line.split(":\t", 1) for line in
                pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)


def wrong_of(name, pid, sanitized):
    """What of a role is not as it must be."""
    lines, limits = status_of(pid), limits_of(pid)
    threads, files, memory = LIMITS[name.partition(":")[0]]
    is_so = {
        "filter": lines["Seccomp"] == "2", "privileges": lines["NoNewPrivs"] == "1",
        "capabilities": int(lines["CapEff"], 16) == int(lines["CapPrm"], 16) == 0,
        "core": limits["Max core file size"] == "0",
        "processes": (limits["Max processes"] == "0") == (not threads),
        "files": files is None or limits["Max open files"] == str(files),
        "memory": sanitized or (limits["Max address space"] != "unlimited") == memory ==
        (limits["Max data size"] != "unlimited"),
        "debugger": os.stat(f"/proc/{pid}/mem").st_uid == 0 or os.getuid() != 0}
    return [(name, what) for what, so in is_so.items() if not so]


def test_every_role_is_locked(stand):
    """As the kernel sees it: a filter, no new privileges, no capability, its
    limits; the last workers a moment after mail is taken.  What Landlock does
    is in tests/unit/test_sandbox.c."""
    sanitized = b"libasan" in stand.mailtri.programs.mailtrid.read_bytes()

    def wrong():
        return [w for name, pids in stand.mailtri.roles().items() for pid in pids
                for w in wrong_of(name, pid, sanitized)]
    with contextlib.suppress(Failed):
        wait_until(lambda: not wrong(), "the last locks", 20)
    assert wrong() == []
    assert {name.partition(":")[0] for name in stand.mailtri.roles()} == set(LIMITS)


def test_the_master_is_locked(stand):
    """By a list of what is denied; it can gain nothing, and nobody looks into it."""
    pid = stand.mailtri.child.pid
    lines = status_of(pid)
    assert (lines["Seccomp"], lines["NoNewPrivs"]) == ("2", "1")
    assert os.stat(f"/proc/{pid}/mem").st_uid == 0 or os.getuid() != 0
