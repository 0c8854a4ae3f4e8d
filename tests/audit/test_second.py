# SPDX-License-Identifier: BSD-2-Clause
"""mailtri's verifier and another one, written in another language from the
manual, agree on a log that a running mailtri wrote, and on every kind of
change to it; proofs and checkpoints, as an auditor uses them."""
import json
import pathlib
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import second  # noqa: E402
from conftest import BUILD, STRANGER, domains, start, world  # noqa: E402, F401
from world import wait_until  # noqa: E402

MAILS = 6


class Log:
    """The log of one mailtri, exported, with its tiles and key beside it."""

    def __init__(self, stand, folder):
        self.stand, self.folder = stand, folder
        self.events = []
        self.small = folder / "small"
        for i in range(MAILS):
            if i == 1:
                stand.export_whole(self.small)
                self.small.write_text(stand.mailtri.ctl_run("audit", "export", "--open").stdout)
            self.events.append(stand.send(stand.mail(f"Order {i}")).event)
            stand.send(stand.mail(f"Let me in {i}", domain=STRANGER), f"ann@{STRANGER}")
        for event in self.events:
            stand.delivered(event)
        self.export = folder / "log"
        stand.export_whole(self.export)
        self.opened = folder / "opened"
        self.opened.write_text(stand.mailtri.ctl_run("audit", "export", "--open").stdout)
        self.key_file = stand.mailtri.state / "audit.pub"
        self.key = second.Key(self.key_file.read_text())
        self.tiles = folder / "tiles"
        self.copy_tiles()

    def copy_tiles(self):
        """A copy in which the checkpoint has its tiles: it is the first to go."""
        def look():
            shutil.rmtree(self.tiles, ignore_errors=True)
            self.tiles.mkdir()
            audit = self.stand.mailtri.state / "audit"
            shutil.copy(audit / "checkpoint", self.tiles)
            shutil.copytree(audit / "tile", self.tiles / "tile")
            size = self.stand.mailtri.status()["audit"]["records"]
            return self.key.checkpoint((self.tiles / "checkpoint").read_bytes()).size == size
        wait_until(look, "tiles of every record", 60)

    def ctl(self, *arguments):
        return self.stand.mailtri.ctl_run("audit", *arguments, "--key", self.key_file).returncode

    def agree(self, path, right):
        """Both verifiers say so."""
        path = pathlib.Path(path)
        verify = second.verify_tiles if path.is_dir() else \
            lambda key, p: second.verify_export(key, p.read_bytes())
        try:
            verify(self.key, path)
            said = True
        except second.Wrong:
            said = False
        assert self.ctl("verify", path) == (0 if right else 1)
        assert said == right, path


@pytest.fixture(scope="module")
def log(start, tmp_path_factory):  # noqa: F811
    stand = start("audited")
    yield Log(stand, tmp_path_factory.mktemp("log"))
    assert stand.mailtri.stop() == 0


def changed(data, at):
    return data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1:]


def test_what_is_right(log):
    for path in (log.export, log.opened, log.tiles):
        log.agree(path, True)


def test_bytes(log, tmp_path):
    """One in each line of the export, all of the checkpoint and some of the
    openings: the exhaustive test is tests/unit/test_tamper.c."""
    data = log.opened.read_bytes()
    path, ends = tmp_path / "log", [i for i, byte in enumerate(data) if byte == 10]
    starts = [0, *(end + 1 for end in ends[:-1])]
    places = {start + 7 * n % (end - start) for n, (start, end) in enumerate(zip(starts, ends))}
    places |= set(ends) | set(range(starts[-1], len(data), 5))
    for at in sorted(places):
        path.write_bytes(changed(data, at))
        log.agree(path, False)


def test_every_byte_by_the_second(log):
    """All bytes of a short log, by the second verifier alone."""
    data = log.small.read_bytes()
    second.verify_export(log.key, data)
    for at in range(len(data)):
        with pytest.raises(second.Wrong):
            second.verify_export(log.key, changed(data, at))


def is_wrong(key, data):
    with pytest.raises(second.Wrong):
        second.verify_export(key, data)
    return True


def test_a_thousand_records(tmp_path):
    """The log of tests/unit/test_tamper.c, which the first verifier is tried with
    byte by byte: what is right, and a change in every 25th line."""
    program = BUILD / "tests/unit/test_tamper"
    if not program.exists():
        pytest.skip("test_tamper is not built here")
    subprocess.run([program, tmp_path / "log"], check=True, timeout=300)
    key = second.Key((tmp_path / "log.pub").read_text())
    data = (tmp_path / "log").read_bytes()
    assert second.verify_export(key, data).size == 1000
    lines = data.splitlines(keepends=True)
    for i in range(0, len(lines) - 1, 25):
        before, line, after = b"".join(lines[:i]), lines[i], b"".join(lines[i + 1:])
        assert is_wrong(key, before + changed(line, i * 7 % len(line)) + after)
        assert is_wrong(key, before + line[:len(line) // 2])
        assert is_wrong(key, before)
        if line.startswith(b'{"open"'):
            continue  # without one the log is right, as erasure leaves it
        assert is_wrong(key, before + after)
        assert is_wrong(key, before + line + line + after)
        if not lines[i + 1].startswith(b'{"open"'):
            assert is_wrong(key, before + lines[i + 1] + line + b"".join(lines[i + 2:]))


def test_every_byte_of_tiles(log, tmp_path):
    """Of the files that a checkpoint over a short log stands on."""
    copy = tmp_path / "copy"
    shutil.copytree(log.tiles, copy)
    size, tried = log.key.checkpoint((copy / "checkpoint").read_bytes()).size, 0
    for file in sorted(p for p in copy.rglob("*") if p.is_file()):
        if file.parent.suffix == ".p" and file.name != str(size):
            continue  # of an earlier checkpoint
        data = file.read_bytes()
        for at in range(len(data)):
            file.write_bytes(changed(data, at))
            with pytest.raises(second.Wrong):
                second.verify_tiles(log.key, copy)
        tried += len(data)
        file.write_bytes(data)
    second.verify_tiles(log.key, copy)
    assert tried > size * 32


def test_lines(log, tmp_path):
    lines, path = log.export.read_bytes().splitlines(keepends=True), tmp_path / "log"
    for i in range(len(lines)):
        variants = [lines[:i] + lines[i + 1:], lines[:i] + lines[i:i + 1] + lines[i:], lines[:i]]
        if i + 1 < len(lines):
            variants.append(lines[:i] + [lines[i + 1], lines[i]] + lines[i + 2:])
        for variant in variants:
            path.write_bytes(b"".join(variant))
            log.agree(path, False)
        path.write_bytes(b"".join(lines[:i]) + lines[i][:len(lines[i]) // 2])
        log.agree(path, False)


def test_openings(log, tmp_path):
    lines, path = log.opened.read_bytes().splitlines(keepends=True), tmp_path / "log"
    first, other = [i for i, line in enumerate(lines) if line.startswith(b'{"open"')][:2]
    path.write_bytes(b"".join(lines[:first] + lines[first + 1:]))
    log.agree(path, True)  # as erasure leaves it
    lines[first], lines[other] = lines[other], lines[first]
    path.write_bytes(b"".join(lines))
    log.agree(path, False)


def test_tiles(log, tmp_path):
    for number, file in enumerate(sorted(p for p in log.tiles.rglob("*") if p.is_file())):
        name, copy = file.relative_to(log.tiles), tmp_path / str(number)
        size = log.key.checkpoint((log.tiles / "checkpoint").read_bytes()).size
        if name.parent.suffix == ".p" and name.name != str(size):
            continue  # of an earlier checkpoint
        shutil.copytree(log.tiles, copy)
        data = file.read_bytes()
        for at in range(0, len(data), max(1, len(data) // 20)):
            (copy / name).write_bytes(changed(data, at))
            log.agree(copy, False)
        for other in (data[:-1], data + b"\0", b""):
            (copy / name).write_bytes(other)
            log.agree(copy, False)
        (copy / name).unlink()
        if name.name != "checkpoint":  # without one nothing is said: a usage error
            log.agree(copy, False)


def test_proofs(log, tmp_path):
    count = log.stand.mailtri.status()["audit"]["records"]
    for what in [*range(count), *log.events]:
        out = log.stand.mailtri.ctl_run("audit", "prove", what)
        assert out.returncode == 0, out.stderr
        path = tmp_path / f"{what}.tlog-proof"
        path.write_text(out.stdout)
        assert log.ctl("check", path) == 0
        second.verify_proof(log.key, path.read_bytes())
    data, path = path.read_bytes(), tmp_path / "changed"
    for at in range(0, len(data), 11):
        path.write_bytes(changed(data, at))
        assert log.ctl("check", path) == 1, at
        with pytest.raises(second.Wrong):
            second.verify_proof(log.key, path.read_bytes())
    said = log.stand.mailtri.ctl_one("audit", "check", tmp_path / f"{log.events[0]}.tlog-proof")
    assert said["status"] == "proved" and said["record"]["eventId"] == log.events[0]
    page = log.stand.mailtri.ctl_run("audit", "check", tmp_path / "0.tlog-proof", "--color", "always")
    assert "\x1b[" in page.stdout and page.stdout.count("\n") > 3


def test_exit_codes(log, tmp_path):
    run = log.stand.mailtri.ctl_run
    assert run("audit", "prove", "evt_none").returncode == 1
    assert run("audit", "prove", "999999").returncode == 1
    assert run("audit", "prove", "12x").returncode == 3
    assert run("audit", "prove").returncode == 3
    assert run("audit", "check", tmp_path / "none").returncode == 3
    assert run("audit", "consistency", tmp_path / "none").returncode == 3
    (tmp_path / "empty").write_text("")
    assert run("audit", "check", tmp_path / "empty").returncode == 1
    assert run("audit", "consistency", tmp_path / "empty").returncode == 3
    assert run("audit", "verify", tmp_path).returncode == 3


def test_consistency(log, tmp_path):
    """Checkpoints kept from before, against exports, tiles and the daemon."""
    before = tmp_path / "before"
    before.write_text(log.stand.mailtri.ctl_run("audit", "checkpoint").stdout)
    log.stand.delivered(log.stand.send(log.stand.mail("One more")).event)
    later = tmp_path / "later"
    log.stand.export_whole(later)
    log.copy_tiles()
    proof = tmp_path / "proof"
    proof.write_text(log.stand.mailtri.ctl_run("audit", "prove", "0").stdout)
    for new in ([], [later], [log.tiles], [proof]):
        assert log.ctl("consistency", before, *new) == 0, new
        assert log.ctl("consistency", log.export, *new) == 0, new
    assert log.ctl("consistency", later, before) == 2
    assert log.ctl("consistency", later, log.tiles) == 0
    second.verify_tiles(log.key, log.tiles, log.key.checkpoint(before.read_bytes()))
    said = log.stand.mailtri.ctl_one("audit", "consistency", before, log.tiles)
    assert said["status"] == "consistent" and said["old"] < said["new"]


def test_one_a_second_and_more(log):
    """Under load one checkpoint follows the other, each larger and later; none
    is ahead of the rows."""
    seen = []

    def look():
        log.stand.send(log.stand.mail(f"Load {len(seen)}"))
        note = (log.stand.mailtri.state / "audit/checkpoint").read_bytes()
        now = log.key.checkpoint(note)
        if not seen or now.size > seen[-1].size:
            seen.append(now)
        return len(seen) >= 4
    wait_until(look, "four checkpoints", 60)
    assert all(a.time <= b.time for a, b in zip(seen, seen[1:]))
    assert seen[-1].size <= log.stand.mailtri.status()["audit"]["records"]


def test_restored_rows(start, tmp_path):  # noqa: F811
    """Rows of a backup under the checkpoint of today: another log, which says
    so, and what was signed stays as it is."""
    stand = start("restored")
    stand.send(stand.mail("Before"))
    stand.export_whole(tmp_path / "first")
    assert stand.mailtri.stop() == 0
    for suffix in ("", "-wal"):
        file = stand.mailtri.state / f"queue.db{suffix}"
        if file.exists():
            shutil.copy(file, tmp_path)
    stand.mailtri.start()
    stand.send(stand.mail("Lost by the restore"))
    stand.export_whole(tmp_path / "lost")
    key = second.Key((stand.mailtri.state / "audit.pub").read_text())
    assert stand.mailtri.stop() == 0
    for suffix in ("", "-wal"):
        file = stand.mailtri.state / f"queue.db{suffix}"
        file.unlink(missing_ok=True)
        if (tmp_path / file.name).exists():
            shutil.copy(tmp_path / file.name, file)
            shutil.chown(file, *pathlib.Path(stand.mailtri.state).stat()[4:6])
    stand.mailtri.start()
    stand.send(stand.mail("After the restore"))
    stand.export_whole(tmp_path / "after")
    was = second.verify_export(key, (tmp_path / "lost").read_bytes())
    now = second.verify_export(key, (tmp_path / "after").read_bytes())
    assert now.origin.startswith(was.origin + "/")
    acts = [r for r in stand.mailtri.records() if r["action"]["type"] == "mailtri.log.continue"]
    assert [a["result"]["resourceId"] for a in acts] == [f"1:{was.size}:{was.root.hex()}"]
    verify = ("audit", "verify", "--seen")
    assert stand.mailtri.ctl_run(*verify, tmp_path / "first").returncode == 0
    assert stand.mailtri.ctl_run(*verify, tmp_path / "lost").returncode == 1
    assert second.verify_tiles(key, stand.mailtri.state / "audit.1") == was
    out = stand.mailtri.ctl_run("audit", "consistency", tmp_path / "lost")
    assert out.returncode == 1 and "restored" in out.stdout
    assert stand.mailtri.stop() == 0


def test_second_as_a_program(log):
    assert second.main([str(log.key_file), "export", str(log.export)]) == 0
    assert second.main([str(log.key_file), "tiles", str(log.tiles)]) == 0
    assert second.main([str(log.key_file), "proof", str(log.export)]) == 1
    assert json.loads(log.export.read_text().splitlines()[0])["seq"] == 0
