# SPDX-License-Identifier: BSD-2-Clause
"""The configuration is read again: what is new comes into force for new
sessions, what is wrong changes nothing, and nobody who sends mail notices."""
import contextlib
import dataclasses
import os
import pathlib
import re
import shutil
import signal
import smtplib
import subprocess
import threading

import pytest
from instance import Bare, descendants
from world import ADDRESS, wait_until

ROUNDS = int(os.environ.get("MAILTRI_RELOADS", "50"))
UNDER_LOAD = int(os.environ.get("MAILTRI_RELOADS_UNDER_LOAD", "25"))
SENDER = "ann@good.example"
PATIENT_S = 120

# What a sanitizer keeps of freed memory, and prints before a process dies, is its own.
os.environ["ASAN_OPTIONS"] = ":".join((
    os.environ.get("ASAN_OPTIONS", ""), "quarantine_size_mb=0", "thread_local_quarantine_size_kb=0",
    "handle_segv=0", "handle_sigbus=0"))


class Reloaded:
    """A mailtri of its own stage folder, whose options are written anew."""

    def __init__(self, world, name):
        self.world = world
        self.mailtri = world.instance(name)
        stages = self.mailtri.folder / "stages"
        shutil.copytree(world.programs.stages, stages)
        self.mailtri.programs = dataclasses.replace(world.programs, stages=stages)
        self.core = {"pipeline": ["t-reload"], f'route "{ADDRESS}"': {"intents": ["create_task"]},
                     "tls": self.certificate()}
        self.stages = {"t-reload": {"workers": 1, "word": "first", "key": self.key("one")}}
        self.write()

    def certificate(self, name="mx.mailtri.example"):
        certificate, key, _ = self.world.authority.issue(name, "127.0.0.1")
        return {"certificate": [certificate], "key": [key]}

    def key(self, value):
        return self.mailtri.secret("t-reload.key", value)

    def write(self, core=None, stages=None):
        """One worker a group: its answers and its deaths are counted."""
        self.core |= core or {}
        self.stages |= {name: {"workers": 1, **options}
                        for name, options in (stages or {}).items()}
        self.mailtri.configure(self.core, self.stages)

    def word(self, word):
        self.write(stages={"t-reload": {**self.stages["t-reload"], "word": word}})

    def install(self, so):
        """A shared object put in place as a package does it: by its name."""
        made = self.mailtri.programs.stages / "t-reload.so.new"
        made.write_bytes(so)
        made.chmod(0o755)
        made.rename(self.mailtri.programs.stages / "t-reload.so")

    def client(self):
        return self.world.client(self.mailtri)

    def said(self, smtp=None):
        """What the stage answers at RCPT: {"build": "1", "word": ...}."""
        session = smtp or self.client().connect()
        try:
            session.mail(SENDER)
            code, text = session.rcpt(ADDRESS)
            session.rset()
            assert code == 550, (code, text)
            return dict(word.split("=") for word in text.decode().split() if "=" in word)
        finally:
            if smtp is None:
                session.close()

    def reload(self):
        """mailtrictl reload that must succeed: the generation in force."""
        out = self.mailtri.ctl_run("reload")
        assert out.returncode == 0, out
        return int(re.fullmatch(r"generation (\d+) is in force\n", out.stdout).group(1))

    def refused(self, *reasons):
        """mailtrictl reload that must be refused, and say why, as the log does."""
        before, said = self.current(), self.said()
        out = self.mailtri.ctl_run("reload")
        assert (out.returncode, out.stdout) == (1, ""), out
        for reason in (*reasons, f"not reloaded: generation {before} stays in force"):
            assert reason in out.stderr, out.stderr
            wait_until(lambda text=reason: any(text in line for line in self.mailtri.child.lines),
                       f"a log line with {reason}")
        assert self.current() == before
        assert self.said() == said
        self.settled()
        return out.stderr

    def generations(self):
        return self.mailtri.status()["generations"]

    def current(self):
        found = [g["generation"] for g in self.generations() if g["state"] == "current"]
        assert len(found) == 1
        return found[0]

    def settled(self):
        """Waits until one generation is left, and its processes alone."""
        wait_until(lambda: len(self.generations()) == 1, "one generation", PATIENT_S)
        names = {"engine", *(role["role"] + (f":{role['group']}" if role.get("group") else "")
                             for role in self.mailtri.status()["roles"])}
        wait_until(lambda: {name: len(pids) for name, pids in self.mailtri.roles().items()} ==
                   {name: 1 for name in names}, f"one process for each of {names}", PATIENT_S)

    def records(self):
        return [r for r in self.mailtri.records() if r["action"]["type"] == "mailtri.reload"]


@pytest.fixture
def made(world, request):
    mailtri = Reloaded(world, request.node.name)
    mailtri.mailtri.start()
    yield mailtri
    assert mailtri.mailtri.stop() == 0


def hangup(made):
    """SIGHUP, and what mailtrid says came of it."""
    before = len(made.mailtri.child.lines)
    made.mailtri.child.signal(signal.SIGHUP)
    return wait_until(lambda: next((line for line in made.mailtri.child.lines[before:]
                                    if "eloaded: generation" in line), None), "a reload")


def test_an_option(made):
    assert made.said() == {"build": "1", "word": "first", "key": "one"}
    made.word("second")
    assert made.said()["word"] == "first"
    assert made.reload() == 2
    assert made.said()["word"] == "second"
    made.word("third")
    assert "reloaded: generation 3 is in force" in hangup(made)
    assert made.said()["word"] == "third"
    made.settled()
    by_hand, by_signal = made.records()
    assert by_hand["operator"] == f"uid:{os.getuid()}"
    assert "operator" not in by_signal or by_signal["operator"] == ""
    for record, number in ((by_hand, 2), (by_signal, 3)):
        assert record["authorization"]["role"] == "operator"
        assert record["reason"] == "operator.reload"
        assert record["result"] == {"status": "success", "resourceId": f"generation-{number}"}


def test_a_session_keeps_what_it_began_with(made):
    with made.client().connect() as session:
        assert made.said(session)["word"] == "first"
        made.word("second")
        made.reload()
        assert made.said(session)["word"] == "first"
        assert made.said()["word"] == "second"
        made.word("third")
        made.reload()
        assert [(g["generation"], g["state"]) for g in made.generations()] == [
            (3, "current"), (1, "draining")]
        table = made.mailtri.ctl_run("status").stdout
        assert re.search(r"^1 +draining", table, re.M)
        # Its worker dies: the next one is of its generation, not of the files.
        for pid in made.mailtri.roles()["worker:t-reload"]:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: [r["ready"] and r["deaths"] for r in made.mailtri.status()["roles"]
                            if r.get("group") == "t-reload"] == [1, 1], "new workers")
        assert made.said(session)["word"] == "first"
        assert made.said()["word"] == "third"
    made.settled()


def test_drain_has_an_end(made):
    made.write(core={"limits": {"drain": Bare("0s")}})
    made.reload()
    with made.client().connect() as idle, made.client().connect() as busy:
        busy.mail(SENDER)
        made.reload()
        code, text = idle.getreply()
        assert (code, text.split()[:2]) == (421, [b"4.3.2", b"smtp.reload:"])
        assert busy.rcpt(ADDRESS)[0] == 550  # a mail in hand is finished
        busy.rset()
        with contextlib.suppress(smtplib.SMTPServerDisconnected):
            assert busy.getreply()[0] == 421
    made.settled()


def test_stages_come_and_go(made):
    made.write(core={"pipeline": ["t-reload", "t-verdict"]},
               stages={"t-reload": {}, "t-verdict": {"verdict": "reject"}})
    made.reload()
    assert made.client().send(SENDER, ADDRESS, b"Subject: x\r\n\r\nx\r\n").reason == "t-verdict.reject"
    assert "worker:t-verdict" in made.mailtri.roles()
    made.write(core={"pipeline": ["t-reload"]})
    made.reload()
    assert made.client().send(SENDER, ADDRESS, b"Subject: x\r\n\r\nx\r\n").code == 250
    made.settled()
    assert "worker:t-verdict" not in made.mailtri.roles()


def test_a_shared_object(made):
    with made.client().connect() as session:
        assert made.said(session)["build"] == "1"
        made.install((made.mailtri.programs.stages / "t-reload-2.so").read_bytes())
        assert made.said()["build"] == "1"
        made.reload()
        assert made.said()["build"] == "2"
        assert made.said(session)["build"] == "1"
    good = (made.mailtri.programs.stages / "t-reload.so").read_bytes()
    for bad in (b"", b"no shared object\n", good[:4096]):
        made.install(bad)
        made.refused("t-reload.so")
    made.install((made.mailtri.programs.stages / "t-verdict.so").read_bytes())
    made.refused("no such option 'word'")
    made.install(good)
    made.reload()


def test_a_secret(made):
    made.key("two")
    assert made.said()["key"] == "one"
    made.reload()
    assert made.said()["key"] == "two"
    made.key("unusable")
    made.refused("stage t-reload cannot start: that key opens nothing")
    os.kill(made.mailtri.roles()["worker:t-reload"][0], signal.SIGKILL)
    assert made.said()["key"] == "two"  # what was refused is nowhere
    (made.mailtri.etc / "t-reload.key").unlink()
    made.refused("t-reload.key", "No such file")
    made.key("three").startswith("file:")
    (made.mailtri.etc / "t-reload.key").chmod(0o644)
    made.refused("others may read or write it")
    (made.mailtri.etc / "t-reload.key").chmod(0o600)
    made.reload()
    assert made.said()["key"] == "three"
    assert all("three" not in line and "unusable" not in line for line in made.mailtri.child.lines)


def served(made):
    """The serial number openssl sees."""
    out = subprocess.run(
        ["openssl", "s_client", "-starttls", "smtp", "-connect", f"127.0.0.1:{made.mailtri.port}"],
        input=b"QUIT\r\n", capture_output=True, timeout=PATIENT_S, check=False)
    pem = re.search(rb"-----BEGIN CERT.*?END CERTIFICATE-----", out.stdout, re.S).group(0)
    return serial(pem)


def serial(pem):
    return subprocess.run(["openssl", "x509", "-noout", "-serial"], input=pem, capture_output=True,
                          timeout=PATIENT_S, check=True).stdout


def test_a_certificate(made):
    certificate = pathlib.Path(made.core["tls"]["certificate"][0])
    key = pathlib.Path(made.core["tls"]["key"][0])
    new = made.certificate("other.mailtri.example")
    first = served(made)
    assert first == serial(certificate.read_bytes())
    certificate.write_bytes(pathlib.Path(new["certificate"][0]).read_bytes())
    made.refused(str(certificate))  # it does not belong to the key
    assert served(made) == first
    key.write_bytes(pathlib.Path(new["key"][0]).read_bytes())
    made.reload()
    second = served(made)
    assert second == serial(certificate.read_bytes()) != first
    certificate.write_text("no certificate\n")
    made.refused(str(certificate))
    os.kill(made.mailtri.roles()["front"][0], signal.SIGKILL)  # the next one has the old one
    wait_until(lambda: len(made.mailtri.roles().get("front", [])) == 1, "a front")
    assert served(made) == second
    made.write(core={"tls": new})
    made.reload()
    assert served(made) == second == serial(pathlib.Path(new["certificate"][0]).read_bytes())


def test_a_broken_file_changes_nothing(made):
    good = made.mailtri.conf.read_text()
    for bad, reasons in (
            (good + "}\n", (f"{made.mailtri.conf}:",)),
            (good.replace("pipeline", "pipe_line"), ("no such option 'pipe_line'",)),
            (good.replace('"t-reload"', '"t-nothing"'), ("t-nothing",)),
            ("", ("there is no listen section",))):
        made.mailtri.conf.write_text(bad)
        if "run_dir" in bad:
            made.refused(*reasons)
        else:
            assert "not reloaded" in hangup(made)
    made.mailtri.conf.write_text(good)
    made.word("x\n}")
    made.refused("t-reload.conf:")
    made.mailtri.conf.rename(made.mailtri.etc / "elsewhere")
    assert "not reloaded" in hangup(made)
    (made.mailtri.etc / "elsewhere").rename(made.mailtri.conf)
    made.word("second")
    made.reload()
    assert made.said()["word"] == "second"
    refusals = [r for r in made.records() if r["reason"] == "reload.refused"]
    assert len(refusals) == 6
    assert {r["result"]["status"] for r in refusals} == {"refused"}


def test_what_needs_a_restart(made):
    conf = made.mailtri.conf
    good = conf.read_text()
    conf.write_text(good.replace(str(made.mailtri.state), str(made.mailtri.folder / "other")))
    made.refused("state_dir is", "restart")
    assert not (made.mailtri.folder / "other").exists()
    root = made.mailtri.etc / "root"
    root.write_bytes(b"k" * 32)
    root.chmod(0o400)
    conf.write_text(f'root_key = "file:{root}"\n' + good)
    made.refused("root_key is", "restart")


def test_listeners_come_and_go(made):
    socket_file = made.mailtri.folder / "smtp.socket"
    made.mailtri.listen[f'listen "unix:{socket_file}"'] = {"tls": Bare("none")}
    made.write()
    made.reload()
    assert socket_file.is_socket()
    assert made.said()["word"] == "first"
    del made.mailtri.listen[f'listen "unix:{socket_file}"']
    made.write()
    made.reload()
    assert not socket_file.exists()
    taken = f'listen "127.0.0.1:{made.world.linear.address.rpartition(":")[2]}"'
    made.mailtri.listen[taken] = {"tls": Bare("none")}
    made.write()
    made.refused("cannot listen on", "Address already in use")
    del made.mailtri.listen[taken]
    made.settled()


@contextlib.contextmanager
def own_roles(made, script):
    """Roles in a folder of the instance's own, `worker' being this script,
    which finds the real one as $REAL."""
    roles, real = made.mailtri.folder / "own-roles", made.mailtri.programs.roles
    roles.mkdir()
    for name in ("front", "engine", "parser", "worker", "worker-net", "resolver", "keys"):
        shutil.copy(real / name, roles / name)
        (roles / name).chmod(0o755)
    (roles / "worker").rename(roles / "worker-real")
    (roles / "worker").write_text(f"#!/bin/sh\nREAL={roles}/worker-real\n{script}")
    (roles / "worker").chmod(0o755)
    made.mailtri.programs = dataclasses.replace(made.mailtri.programs, roles=roles)
    yield roles
    made.mailtri.programs = dataclasses.replace(made.mailtri.programs, roles=real)


@pytest.fixture
def swapped(world):
    """A mailtri whose program `worker' can be swapped while it runs."""
    mailtri = Reloaded(world, f"swapped{len(list(world.folder.iterdir()))}")
    with own_roles(mailtri, 'exec "$REAL" "$@"\n') as roles:
        mailtri.mailtri.start()
        mailtri.roles = roles
        yield mailtri
        assert mailtri.mailtri.stop() == 0


def swap(made, what):
    """worker does `what' where it is started to serve."""
    made.good = (made.roles / "worker").read_text()
    new = made.roles / "worker.new"
    new.write_text(f'#!/bin/sh\nREAL={made.roles}/worker-real\n'
                   f'case "$1,$2" in --*|*,--try) exec "$REAL" "$@" ;; esac\n{what}\n')
    new.chmod(0o755)
    new.rename(made.roles / "worker")


def swap_back(made):
    new = made.roles / "worker.new"
    new.write_text(made.good)
    new.chmod(0o755)
    new.rename(made.roles / "worker")


@pytest.mark.parametrize("what,reason", [
    ("exec sleep 1000", "worker:t-reload was not ready within 30 s"),
    ("exit 3", "worker:t-reload ended (exit 3) before it was ready"),
    ("kill -9 $$", "worker:t-reload ended (signal 9 (Killed)) before it was ready")])
def test_workers_that_never_are_ready(swapped, what, reason):
    made = swapped
    made.word("second")
    swap(made, what)
    made.refused(reason)
    swap_back(made)
    made.reload()
    assert made.said()["word"] == "second"
    made.settled()


def test_the_engine_dies_during_a_reload(swapped):
    made = swapped
    made.word("second")
    swap(made, "exec sleep 1000")
    made.mailtri.child.signal(signal.SIGHUP)
    wait_until(lambda: any("sleep" in " ".join(command(pid)) for pid in
                           descendants(made.mailtri.child.pid)), "the new worker")
    swap_back(made)
    os.kill(made.mailtri.roles()["engine"][0], signal.SIGKILL)
    wait_until(lambda: any("not reloaded" in line for line in made.mailtri.child.lines), "the end")
    wait_until(lambda: answers(made), "the engine's successor")
    assert made.said()["word"] == "first"
    made.reload()
    assert made.said()["word"] == "second"
    made.settled()


def command(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return []


def answers(made):
    with contextlib.suppress(OSError, smtplib.SMTPException, AssertionError):
        return made.said()
    return None


def test_many_at_once(made):
    """However many ask, each is answered by a reload that began after it."""
    made.word("last")
    results = []

    def ask():
        results.append(made.mailtri.ctl_run("reload"))

    askers = [threading.Thread(target=ask) for _ in range(8)]
    for asker in askers:
        asker.start()
    for _ in range(20):
        made.mailtri.child.signal(signal.SIGHUP)
    for asker in askers:
        asker.join()
    assert [r.returncode for r in results] == [0] * 8, results
    assert made.said()["word"] == "last"
    made.settled()
    # Signals that came together were served together.
    assert made.current() < 20
    by_hand = [r for r in made.records() if r.get("operator")]
    assert len(by_hand) == 8


def resources(made):
    """{role: processes and their descriptors}, the latter if we may look: those
    of a process that locked itself are shown to root alone."""
    found = {}
    pids = {"mailtrid": [made.mailtri.child.pid], **made.mailtri.roles()}
    for name, group in pids.items():
        for pid in group:
            fds = pathlib.Path(f"/proc/{pid}/fd")
            found.setdefault(name, []).append(
                len(list(fds.iterdir())) if os.getuid() == 0 else None)
    return found


def resident_kib(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))


def lasting(made):
    return {"mailtrid": made.mailtri.child.pid, "engine": made.mailtri.roles()["engine"][0]}


def test_nothing_grows(made):
    for _ in range(5):
        made.reload()
    made.settled()
    before = resources(made)
    memory = {name: resident_kib(pid) for name, pid in lasting(made).items()}
    for n in range(ROUNDS):
        made.word(f"round{n}")
        made.reload()
        if n % 5 == 0:
            made.key("unusable")
            made.mailtri.ctl_run("reload")
            made.key("one")
    assert made.said()["word"] == f"round{ROUNDS - 1}"
    made.settled()
    assert wait_until(lambda: resources(made) == before, f"as before: {before}") is True
    grown = {name: resident_kib(pid) - memory[name] for name, pid in lasting(made).items()}
    print(f"{ROUNDS} reloads: {before}, KiB more: {grown}")
    assert all(kib < 1024 for kib in grown.values()), grown


class Load(threading.Thread):
    """One sender: `mails' in each session, signed, each of them its own."""

    def __init__(self, stand, number, mails):
        super().__init__()
        self.stand, self.number, self.mails = stand, number, mails
        self.stop, self.events, self.wrong, self.sessions = threading.Event(), [], [], 0

    def run(self):
        count = 0
        while not self.stop.is_set():
            try:
                with self.stand.client().connect() as smtp:
                    self.sessions += 1
                    for _ in range(self.mails):
                        if self.stop.is_set():
                            break
                        count += 1
                        mail = self.stand.mail(f"load {self.number} {count}")
                        answer = self.stand.client().offer(smtp, SENDER, ADDRESS, mail)
                        if answer.code != 250:
                            self.wrong.append(str(answer))
                        else:
                            self.events.append(answer.event)
            except (OSError, smtplib.SMTPException) as error:
                self.wrong.append(repr(error))


def test_under_load(start, tmp_path):
    """Nobody is refused, nothing is deferred, lost or doubled."""
    stand = start("loaded")
    senders = [Load(stand, n, mails) for n, mails in enumerate((1, 1, 7, 10 ** 9))]
    for sender in senders:
        sender.start()
    certificates = stand.mailtri.conf.read_text()
    try:
        for n in range(UNDER_LOAD):
            seen = [len(s.events) for s in senders]
            stand.mailtri.conf.write_text(certificates.replace("90d", f"{90 + n}d"))
            if n % 3 == 0:
                stand.mailtri.child.signal(signal.SIGHUP)
            out = stand.mailtri.ctl_run("reload")
            assert out.returncode == 0, out
            wait_until(lambda was=seen: all(len(s.events) > w or s.wrong
                                            for s, w in zip(senders, was)), "mail goes on")
    finally:
        for sender in senders:
            sender.stop.set()
        for sender in senders:
            sender.join()
    assert [s.wrong for s in senders] == [[], [], [], []]
    events = [event for s in senders for event in s.events]
    assert len(set(events)) == len(events)
    wait_until(lambda: not stand.mailtri.ctl("queue", "list"), "all deliveries", PATIENT_S)
    titles = sorted(i["title"] for i in stand.linear.issues() if i["title"].startswith("load "))
    wanted = sorted(f"load {s.number} {n + 1}" for s in senders for n in range(len(s.events)))
    assert titles == wanted
    export = tmp_path / "audit.jsonl"
    stand.mailtri.export_audit(export)
    out = stand.mailtri.verify_audit(export)
    assert out.returncode == 0, out
    print(f"{UNDER_LOAD} reloads, {len(events)} mails in {sum(s.sessions for s in senders)} sessions")
    assert stand.mailtri.stop() == 0
