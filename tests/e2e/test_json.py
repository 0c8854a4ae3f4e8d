# SPDX-License-Identifier: BSD-2-Clause
"""Objects for programs: every command mailtrictl names, by its own help, is
tried with --json, and prints objects and nothing else."""
import json
import re
import shutil

import pytest
from conftest import private_folder
from world import wait_until

# A command, and what it is tried with; a word in capitals is filled in.  Those
# that want a stopped mailtrid come last.
TRIED = {
    "status": [], "reload": [], "conf": [], "stages": [],
    "queue list": [], "queue show": ["DONE"], "queue retry": ["DEFERRED"], "queue replay": ["DONE"],
    "queue release": ["HELD1"], "queue refuse": ["HELD2"], "queue discard": ["HELD3"],
    "queue pause": [], "queue resume": [],
    "audit list": [], "audit show": ["DONE"], "audit verify": [], "audit export": [],
    "audit prove": ["DONE"], "audit checkpoint": [], "audit check": ["PROOF"],
    "audit consistency": ["CHECKPOINT"],
    "check": ["MAIL", "--client", "127.0.0.1", "--mail-from", "<ann@good.example>"],
    "explain": ["DONE"], "pins": ["--ca", "CA", "--connect", "LINEAR", "api.linear.example"],
    "queue dead": ["ls"], "probe": ["linear-dispatch"],
    "keys status": [], "backup": ["DATA"], "keys backup": ["KEYS"],
    "restore": ["DATA"], "keys restore": ["KEYS"],
}
NOT_OBJECTS = {"audit prove", "audit checkpoint"}  # files in a format of their own


def named(mailtri):
    """The commands in the table mailtrictl prints of itself."""
    table = mailtri.ctl_run("help").stdout.split("\n\n")[1]
    return [re.match(r"  ([a-z]+(?: [a-z]+)?) ", line).group(1) for line in table.splitlines()]


@pytest.fixture(scope="module")
def folder():
    made = private_folder()
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def stand(start):
    made = start("json", pipeline=["auth", "allowlist", "t-verdict"],
                 stages={"t-verdict": {"hold": "operator"}})
    yield made
    if made.mailtri.child:
        made.mailtri.kill()


@pytest.fixture(scope="module")
def filled(stand, world, folder):
    """What the words in capitals stand for."""
    events = [stand.send(stand.mail(f"Objects {n}")).event for n in range(6)]
    ctl = stand.mailtri.ctl
    ctl("queue", "release", events[0])
    stand.delivered(events[0])
    world.linear.set_mode("invalid", 1, "create")
    ctl("queue", "release", events[5])
    wait_until(lambda: ctl("queue", "dead", "ls"), "a dead mail")
    world.linear.set_mode("unavailable")
    ctl("queue", "release", events[1])
    wait_until(lambda: stand.mailtri.ctl_one("queue", "show", events[1])["state"] == "deferred",
               "a deferred mail")
    world.linear.set_mode("ok")
    stand.export_whole(folder / "log.jsonl")
    (folder / "proof").write_text(stand.mailtri.ctl_run("audit", "prove", events[0]).stdout)
    (folder / "checkpoint").write_text(stand.mailtri.ctl_run("audit", "checkpoint").stdout)
    (folder / "mail.eml").write_bytes(stand.mail("Judge me"))
    shutil.copy(stand.mailtri.state / "keys/root", folder / "root")
    return {"DONE": events[0], "DEFERRED": events[1], "HELD1": events[2], "HELD2": events[3],
            "HELD3": events[4], "PROOF": folder / "proof", "CHECKPOINT": folder / "checkpoint",
            "MAIL": folder / "mail.eml", "CA": world.authority.path,
            "LINEAR": world.linear.address, "DATA": folder / "data", "KEYS": folder / "keys"}


def lose_the_machine(mailtri, folder):
    """Stopped, its state gone, its root key put back."""
    assert mailtri.stop() == 0
    owner = mailtri.run.stat()
    shutil.rmtree(mailtri.state)
    for path in (mailtri.state, mailtri.state / "keys"):
        path.mkdir(mode=0o700)
        shutil.chown(path, owner.st_uid, owner.st_gid)
    shutil.copy(folder / "root", mailtri.state / "keys/root")
    (mailtri.state / "keys/root").chmod(0o400)


def test_the_list_is_whole(stand):
    assert sorted(TRIED) == sorted(named(stand.mailtri))


@pytest.mark.parametrize("command", TRIED)
def test_objects_a_line(stand, filled, folder, command):
    if command == "restore":
        lose_the_machine(stand.mailtri, folder)
    words = [str(filled.get(word, word)) for word in TRIED[command]]
    out = stand.mailtri.ctl_run(*command.split(), *words, "--json")
    assert out.returncode == 0, out.stderr
    assert out.stderr == ""
    assert out.stdout
    if command not in NOT_OBJECTS:
        for line in out.stdout.splitlines():
            assert isinstance(json.loads(line), dict), line
