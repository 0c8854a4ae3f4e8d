# SPDX-License-Identifier: BSD-2-Clause
"""Backup and restore of the whole state, keys apart from data: what comes
back, what must not, and what is said where only half is there."""
import base64
import datetime
import json
import shutil
import threading

import pytest
import vaultfile
from child import Failed
from test_kept import WORDS, disguises, hits
from world import ADDRESS, wait_until


def wipe(mailtri):
    """The machine is lost; what is left is what was carried away."""
    shutil.rmtree(mailtri.state)


class Saved:
    """A backup of everything: data, keys, and the root key's copy."""

    def __init__(self, mailtri, name):
        self.folder = mailtri.folder / name
        self.folder.mkdir()
        self.data, self.keys, self.root = (self.folder / n for n in ("data", "keys", "root"))
        shutil.copy(mailtri.state / "keys/root", self.root)
        self.data_says = mailtri.ctl_one("backup", self.data)
        self.keys_say = mailtri.ctl_one("keys", "backup", self.keys)

    def put_root(self, mailtri):
        mailtri.state.mkdir(exist_ok=True)
        (mailtri.state / "keys").mkdir(exist_ok=True, mode=0o700)
        shutil.chown(mailtri.state, *owner(mailtri))
        shutil.chown(mailtri.state / "keys", *owner(mailtri))
        shutil.copy(self.root, mailtri.state / "keys/root")
        (mailtri.state / "keys/root").chmod(0o400)

    def restore(self, mailtri, *options):
        self.put_root(mailtri)
        mailtri.ctl_one("restore", self.data)
        mailtri.ctl_one("keys", "restore", self.keys, *options)


def owner(mailtri):
    at = mailtri.run.stat()
    return at.st_uid, at.st_gid


def refused(mailtri, *arguments):
    """The sentence a command ends with."""
    out = mailtri.ctl_run(*arguments)
    assert out.returncode == 1, out.stdout + out.stderr
    return out.stderr


def fails_to_start(mailtri):
    """What is said by a mailtrid that does not come up."""
    with pytest.raises(Failed):
        mailtri.start()
    return (mailtri.folder / "mailtrid.log").read_text()


def issues_of(stand, title):
    return [i for i in stand.linear.issues() if i.get("title") == title]


def log_of(mailtri):
    """Which log is signed now: the first line of its checkpoint."""
    def look():
        path = mailtri.state / "audit/checkpoint"
        return path.read_text().splitlines()[0] if path.exists() else None
    return wait_until(look, "a checkpoint")


def settled(stand):
    """Nothing is dispatched until it has looked through what was restored."""
    return wait_until(lambda: stand.mailtri.status().get("dispatch") == "paused" and
                      stand.mailtri.status()["intake"], "a paused start")


class Load:
    """Somebody who sends until told to stop; what was answered 250."""

    def __init__(self, stand, number):
        self.stand, self.number, self.events = stand, number, []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        n = 0
        while not self.over.is_set():
            n += 1
            body = "zimbalquorf-4711\n" * (6000 if n % 7 == 0 else 3)
            answer = self.stand.send(self.stand.mail(f"Load {self.number}.{n}", body=body))
            if answer.code == 250:
                self.events.append((answer.event, f"Load {self.number}.{n}"))

    def stop(self):
        self.over.set()
        self.thread.join()
        return self.events


def test_everything_comes_back_once(start):
    stand = start("backup")
    mailtri, linear = stand.mailtri, stand.linear
    done = stand.send(stand.mail("Quixotrelle, done"))
    stand.delivered(done.event)
    mailtri.ctl("queue", "pause")
    waiting = [stand.send(stand.mail(f"Waits {i}", body="zimbalquorf-4711\n" * (1 if i else 6000)))
               for i in range(3)]
    old_key, old_log = mailtri.status()["audit"]["key"], log_of(mailtri)

    loads = [Load(stand, i) for i in range(2)]
    wait_until(lambda: all(len(load.events) > 5 for load in loads), "load")
    saved = Saved(mailtri, "saved")
    wait_until(lambda: all(len(load.events) > 15 for load in loads), "more load")
    sent = [e for load in loads for e in load.stop()]
    assert saved.data_says["slots"] <= saved.keys_say["slots"]
    # After the backup: one that waits is delivered, which the backup cannot know.
    mailtri.ctl("queue", "resume")
    stand.delivered(waiting[0].event)
    log_size = mailtri.status()["audit"]["records"]
    assert mailtri.stop() == 0
    assert hits(saved.data) == [] and hits(saved.folder) == []

    wipe(mailtri)
    saved.restore(mailtri)
    mailtri.start()
    settled(stand)
    status = mailtri.status()
    assert status["audit"]["records"] < log_size
    # The log was signed beyond what came back: it goes on as another one.
    assert status["audit"]["key"] == old_key
    assert log_of(mailtri) != old_log
    assert mailtri.ctl_run("audit", "verify").returncode == 0
    kept = {i["event"]: i["state"] for i in mailtri.ctl("queue", "list", "--all")}
    assert kept[done.event] == "done"
    before = len(linear.issues())
    assert all(kept[w.event] in ("active", "deferred") for w in waiting)
    records = mailtri.records()
    assert {"mailtri.restore", "mailtri.log.continue", "mailtri.backup"} <= {
        r["action"]["type"] for r in records}
    assert len(linear.issues()) == before
    assert stand.send(stand.mail("Taken while paused")).code == 250
    assert len(linear.issues()) == before

    mailtri.ctl("queue", "resume")
    for event in [w.event for w in waiting] + [e for e, _ in sent if e in kept]:
        stand.delivered(event)
    for title in [f"Waits {i}" for i in range(3)] + [t for e, t in sent if e in kept]:
        assert len(issues_of(stand, title)) == 1, title
    # A snapshot is a moment: of each sender it has all up to one mail.
    for load in loads:
        known = [e in kept for e, _ in load.events]
        assert known == sorted(known, reverse=True)
    assert mailtri.ctl_run("audit", "verify").returncode == 0
    assert mailtri.stop() == 0
    mailtri.start()    # the second start is one like any other
    assert mailtri.status()["dispatch"] == "running"
    assert log_of(mailtri) not in (old_log, None)
    assert mailtri.stop() == 0


def test_moved_goes_on_with_the_same_log(start):
    """Stopped, carried to another machine, started: nothing was signed since."""
    stand = start("moved")
    stand.delivered(stand.send(stand.mail("Before the move")).event)
    log = log_of(stand.mailtri)
    saved = Saved(stand.mailtri, "saved")
    stand.mailtri.kill()
    wipe(stand.mailtri)
    saved.restore(stand.mailtri, "--moved")
    signed = int((stand.mailtri.state / "keys/signed").read_text().split()[1])
    stand.mailtri.start()
    settled(stand)
    # Only where no larger checkpoint was signed than there are records.
    assert (log_of(stand.mailtri) == log) is (signed <= saved.data_says["records"])
    assert stand.mailtri.ctl_run("audit", "verify").returncode == 0
    assert stand.mailtri.stop() == 0


def short(seconds):
    return {f'route "{ADDRESS}"': {"intents": ["create_task"], "deliver": ["linear-dispatch"],
                                   "retain": seconds}}


def erased(stand, event):
    return [r for r in stand.records(event) if r["action"]["type"] == "mailtri.erase"]


def prod(stand):
    """Has what is past its time erased now, not within the minute."""
    stand.mailtri.ctl("queue", "pause")
    stand.mailtri.ctl("queue", "discard", stand.send(stand.mail("Prod")).event)
    stand.mailtri.ctl("queue", "resume")


def test_erased_by_time_stays_erased(start):
    stand = start("late", **short(6))
    mailtri = stand.mailtri
    stand.mailtri.ctl("queue", "pause")
    answer = stand.send(stand.mail("Quixotrelle, for seconds"))
    until = mailtri.ctl_one("queue", "show", answer.event)["retain_until"]
    saved = Saved(mailtri, "saved")
    key = vaultfile.Vault(mailtri.state / "keys").slot_of(mailtri.state, answer.event)
    assert key is not None
    mailtri.ctl("queue", "resume")
    wait_until(lambda: any(i["title"] == "Quixotrelle, for seconds" for i in stand.linear.issues()),
               "the issue")
    wait_until(lambda: datetime.datetime.now(datetime.UTC) >
               datetime.datetime.fromisoformat(until), "its end")
    prod(stand)
    wait_until(lambda: erased(stand, answer.event), "the erasure")
    assert mailtri.stop() == 0

    wipe(mailtri)
    saved.restore(mailtri)
    before = len(stand.linear.issues())
    mailtri.start()
    settled(stand)
    # Before anybody could ask: gone again, and said so.
    assert mailtri.ctl_run("queue", "show", answer.event).returncode == 1
    assert [r["reason"] for r in erased(stand, answer.event)] == ["retain.over"]
    assert {r["actor"]["email"] for r in stand.records(answer.event)} <= {None, ""}
    assert vaultfile.Vault(mailtri.state / "keys").find(key) is None
    mailtri.ctl("queue", "resume")
    marker = stand.send(stand.mail("After it"))
    stand.delivered(marker.event)
    assert len(stand.linear.issues()) == before + 1
    assert mailtri.stop() == 0


def test_erased_by_a_person_stays_erased(start):
    """Discarded after the data backup: the keys, saved after it, know."""
    stand = start("discard")
    mailtri = stand.mailtri
    mailtri.ctl("queue", "pause")
    lost, kept = (stand.send(stand.mail(t)) for t in ("Discarded", "Kept"))
    saved = Saved(mailtri, "saved")
    key = vaultfile.Vault(mailtri.state / "keys").slot_of(mailtri.state, lost.event)
    mailtri.ctl("queue", "discard", lost.event)
    wait_until(lambda: erased(stand, lost.event), "the erasure")
    saved.keys = saved.folder / "keys.later"
    mailtri.ctl_one("keys", "backup", saved.keys)
    mailtri.kill()
    wipe(mailtri)
    saved.restore(mailtri)
    mailtri.start()
    settled(stand)
    assert mailtri.ctl_run("queue", "show", lost.event).returncode == 1
    assert [r["reason"] for r in erased(stand, lost.event)] == ["restore.erased"]
    assert vaultfile.Vault(mailtri.state / "keys").find(key) is None
    mailtri.ctl("queue", "resume")
    stand.delivered(kept.event)
    assert issues_of(stand, "Discarded") == []
    assert mailtri.stop() == 0


def test_keys_that_no_row_knows_go(start):
    """Data of yesterday under keys of today: what came between is erased."""
    stand = start("between")
    mailtri = stand.mailtri
    saved = Saved(mailtri, "saved")
    log = log_of(mailtri)
    answer = stand.send(stand.mail("Between"))
    stand.delivered(answer.event)
    key = vaultfile.Vault(mailtri.state / "keys").slot_of(mailtri.state, answer.event)
    wait_until(lambda: int((mailtri.state / "audit/checkpoint").read_text().splitlines()[1]) >
               saved.data_says["records"], "a larger checkpoint")
    assert mailtri.stop() == 0
    for path in mailtri.state.iterdir():    # all but keys/
        if path.name != "keys":
            (shutil.rmtree if path.is_dir() else type(path).unlink)(path)
    mailtri.ctl_one("restore", saved.data)
    mailtri.start()
    settled(stand)
    assert vaultfile.Vault(mailtri.state / "keys").find(key) is None
    # These keys know how large a log was signed: larger than this one.
    assert log_of(mailtri) != log
    assert mailtri.stop() == 0


def test_keys_of_yesterday_bring_nothing_back(start):
    """Only keys/ is lost; its backup still has what was erased since."""
    stand = start("yesterday")
    mailtri = stand.mailtri
    mailtri.ctl("queue", "pause")
    lost, kept = (stand.send(stand.mail(t)) for t in ("Erased since", "Kept since"))
    saved = Saved(mailtri, "saved")
    key = vaultfile.Vault(mailtri.state / "keys").slot_of(mailtri.state, lost.event)
    mailtri.ctl("queue", "discard", lost.event)
    wait_until(lambda: erased(stand, lost.event), "the erasure")
    assert mailtri.stop() == 0
    mailtri.start()    # has looked for slots without rows, up to the last
    assert mailtri.stop() == 0
    shutil.rmtree(mailtri.state / "keys")
    saved.put_root(mailtri)
    mailtri.ctl_one("keys", "restore", saved.keys)
    # Rows of today may need keys made since; those of yesterday are below.
    assert vaultfile.Vault(mailtri.state / "keys").find(key) is not None
    mailtri.start()
    settled(stand)
    assert vaultfile.Vault(mailtri.state / "keys").find(key) is None
    mailtri.ctl("queue", "resume")
    stand.delivered(kept.event)
    assert mailtri.ctl_run("audit", "verify").returncode == 0
    assert mailtri.stop() == 0


def test_one_half_says_what_it_lacks(start):
    stand = start("half")
    mailtri = stand.mailtri
    stand.delivered(stand.send(stand.mail("Half")).event)
    early = mailtri.folder / "keys.early"
    mailtri.ctl_one("keys", "backup", early)
    for i in range(300):    # more than are ahead
        stand.send(stand.mail(f"Half {i}"))
    saved = Saved(mailtri, "saved")
    assert "running" in refused(mailtri, "restore", saved.data)
    assert "running" in refused(mailtri, "keys", "restore", saved.keys)
    assert mailtri.stop() == 0
    assert "there is mail in it" in refused(mailtri, "restore", saved.data)
    assert "there are keys in it" in refused(mailtri, "keys", "restore", saved.keys)

    wipe(mailtri)    # data alone, without and with the root key
    mailtri.ctl_one("restore", saved.data)
    assert "root is gone" in fails_to_start(mailtri)
    saved.put_root(mailtri)
    assert "restore the keys" in fails_to_start(mailtri)
    # Nothing was harmed by trying; and keys of before the mail are not enough.
    mailtri.ctl_one("keys", "restore", early)
    assert "made after that of the mail" in fails_to_start(mailtri)
    wipe(mailtri)    # keys alone
    saved.put_root(mailtri)
    mailtri.ctl_one("keys", "restore", saved.keys)
    assert "the mail was not" in fails_to_start(mailtri)
    mailtri.ctl_one("restore", saved.data)
    mailtri.start()
    settled(stand)
    assert mailtri.stop() == 0

    wipe(mailtri)    # another root key
    saved.put_root(mailtri)
    (mailtri.state / "keys/root").unlink()
    (mailtri.state / "keys/root").write_text("ab" * 32)
    (mailtri.state / "keys/root").chmod(0o400)
    assert "put that one in place" in refused(mailtri, "keys", "restore", saved.keys)
    (mailtri.state / "keys/root").chmod(0o440)
    assert "chmod 0400" in refused(mailtri, "keys", "restore", saved.keys)


def test_damage_is_found_before_anything_is_touched(start):
    stand = start("damage")
    mailtri = stand.mailtri
    stand.delivered(stand.send(stand.mail("Damage", body="x" * 60 + "\n" * 2 + "y\n" * 60000)).event)
    saved = Saved(mailtri, "saved")
    assert mailtri.stop() == 0
    wipe(mailtri)
    files = [p for p in saved.data.rglob("*") if p.is_file()] + [saved.keys]
    assert len(files) >= 5
    for path in files:
        command = ("keys", "restore", saved.keys) if path == saved.keys else ("restore", saved.data)
        path.chmod(0o600)
        whole = path.read_bytes()
        for broken in (whole[:-1], whole[:len(whole) // 2], b"", whole + b"x",
                       *(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:]
                         for at in range(0, len(whole), max(1, len(whole) // 5)))):
            path.write_bytes(broken)
            refused(mailtri, *command)
            left = {p.name for p in mailtri.state.rglob("*")} if mailtri.state.exists() else set()
            assert left <= {"keys"}, (path, left)
        path.write_bytes(whole)
    (saved.data / "MANIFEST").rename(saved.folder / "MANIFEST")
    assert "not finished" in refused(mailtri, "restore", saved.data)
    (saved.folder / "MANIFEST").rename(saved.data / "MANIFEST")
    saved.restore(mailtri)
    mailtri.start()
    settled(stand)
    assert mailtri.stop() == 0


def test_no_key_lies_anywhere_in_clear(start):
    """Every key there is, taken out with the root key by another reader of the
    formats, is looked for in every file: state, backups, logs."""
    stand = start("canary-keys")
    mailtri = stand.mailtri
    for i in range(3):
        stand.delivered(stand.send(stand.mail(f"Quixotrelle {i}", body="zimbalquorf-4711\n")).event)
    saved = Saved(mailtri, "saved")
    mailtri.ctl_one("keys", "status")
    keys = vaultfile.Vault(mailtri.state / "keys").all_keys()
    assert len(keys) > 200
    assert mailtri.stop() == 0
    root = bytes.fromhex(saved.root.read_text().strip())
    sought = {form for key in keys | {root} for form in
              (key, key.hex().encode(), base64.b64encode(key)[:-2])}
    places = [p for p in mailtri.folder.rglob("*") if p.is_file() and
              p not in (saved.root, mailtri.state / "keys/root")]
    assert len(places) > 10
    for path in places:
        data = path.read_bytes()
        assert [s for s in sought if s in data] == [], path
        assert [w for w in WORDS[:2] for d in disguises(w) if d in data] == [], path
    planted = mailtri.folder / "planted"    # the search can find
    planted.write_bytes(b"x" + next(iter(keys)).hex().encode())
    assert any(s in planted.read_bytes() for s in sought)


def test_status_and_audit_of_keys(start):
    stand = start("status")
    mailtri = stand.mailtri
    answer = stand.send(stand.mail("Status"))
    stand.delivered(answer.event)
    status = mailtri.ctl_one("keys", "status")
    assert status["root_key"] == "keys/root" and status["root_version"] == 1
    assert status["generation"] == 1 and status["shards"] == 1
    assert status["in_use"] >= 1 and status["slots"] >= 256
    assert status["root_id"] == vaultfile.root_id(
        bytes.fromhex((mailtri.state / "keys/root").read_text().strip())).hex()
    text = mailtri.ctl_run("keys", "status", "--color", "always").stdout
    assert status["root_id"] in text and "\033[" in text
    mailtri.ctl("queue", "pause")
    assert mailtri.ctl_one("queue", "pause") == {"paused": True, "changed": False}
    assert "paused" in mailtri.ctl_run("status").stdout
    Saved(mailtri, "saved")
    by_type = {r["action"]["type"]: r for r in mailtri.records()}
    for action in ("mailtri.pause", "mailtri.backup", "mailtri.keys.backup"):
        assert by_type[action]["authorization"]["role"] == "operator"
        assert json.dumps(by_type[action]).find("uid:") > 0
    mailtri.stop()
    mailtri.start()    # paused over a restart
    assert mailtri.status()["dispatch"] == "paused"
    assert mailtri.stop() == 0


def test_root_key_by_credential(world, domains):
    """As systemd hands it over: a file in $CREDENTIALS_DIRECTORY."""
    from conftest import GOOD, SECOND, Stand
    mailtri = world.instance("credential")
    credentials = mailtri.folder / "credentials"
    credentials.mkdir()
    (credentials / "mailtri.root").write_text("5c" * 32)
    (credentials / "mailtri.root").chmod(0o400)
    mailtri.environment["CREDENTIALS_DIRECTORY"] = str(credentials)
    mailtri.configure(world.core_options(root_key="credential:mailtri.root"),
                      world.stage_options(mailtri, [GOOD, SECOND]))
    mailtri.start()
    stand = Stand(world, mailtri, domains)
    stand.delivered(stand.send(stand.mail("By credential")).event)
    assert not (mailtri.state / "keys/root").exists()
    assert mailtri.ctl_one("keys", "status")["root_key"] == "credential:mailtri.root"
    assert mailtri.stop() == 0
    (credentials / "mailtri.root").chmod(0o600)
    (credentials / "mailtri.root").write_text("5d" * 32)
    assert "another root key" in fails_to_start(mailtri)
