# SPDX-License-Identifier: BSD-2-Clause
"""What lies on the disk: nothing readable, nothing past its time, and what
happens when there is no room for more."""
import base64
import collections
import contextlib
import os
import pathlib
import shutil
import subprocess

import pytest
from conftest import BUILD
from world import ADDRESS, wait_until

WORDS = [b"Quixotrelle", b"zimbalquorf-4711", b"ann@good.example"]
DISK = 48 << 20


def disguises(word):
    """The word as it is, and as it looks inside base64, hex and UTF-16."""
    yield word
    yield word.hex().encode()
    yield word.decode().encode("utf-16-le")
    for shift in range(3):  # three alignments; the ends depend on neighbours
        text = base64.b64encode(b"\0" * shift + word)
        yield text[shift + 1:-4]


def hits(folder, words=tuple(WORDS)):
    found = []
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            found += [(path.name, w) for w in words if any(d in data for d in disguises(w))]
    return found


def canary(stand):
    return stand.mail("Quixotrelle in the subject", body="zimbalquorf-4711 in the body\n" * 3)


def big_canary(stand):
    return stand.mail("Quixotrelle, large", body="zimbalquorf-4711 in the body\n" * 8000)


def test_no_word_of_a_mail_is_on_the_disk(start):
    stand = start("canary")
    for message in (canary(stand), big_canary(stand)):
        answer = stand.send(message)
        assert answer.code == 250
        stand.delivered(answer.event)
    assert stand.send(stand.mail("Quixotrelle refused", domain="stranger.example"),
                      mail_from="ann@stranger.example").code == 550
    assert hits(stand.mailtri.folder) == []
    assert stand.mailtri.stop() == 0
    assert hits(stand.mailtri.folder) == []


def test_the_search_finds_them_where_encryption_is_left_out(world, start):
    """The same search, an engine linked with a seal that seals nothing."""
    plain = BUILD / "tests/e2e/engine-plain"
    if not plain.exists():
        pytest.skip("engine-plain is not built here")
    roles = world.folder / "plain-roles"
    roles.mkdir()
    for path in world.programs.roles.iterdir():
        if path.is_file() and os.access(path, os.X_OK):
            shutil.copy(path, roles / path.name)
    shutil.copy(plain, roles / "engine")
    kept, world.programs.roles = world.programs.roles, roles
    try:
        stand = start("canary-plain")
        for message in (canary(stand), big_canary(stand)):
            stand.delivered(stand.send(message).event)
        assert {word for _, word in hits(stand.mailtri.state)} == set(WORDS)
        # As it is kept, each says where it came from.
        trace = b"Received: from mx.good.example ([127.0.0.1])\r\n\tby mx.mailtri.example with ESMTPS ("
        assert len(hits(stand.mailtri.state, (trace,))) >= 1
        assert stand.mailtri.stop() == 0
    finally:
        world.programs.roles = kept


def test_what_is_past_its_time_is_purged(start):
    route = {f'route "{ADDRESS}"': {"intents": ["create_task"], "deliver": ["linear-dispatch"],
                                    "retain": 1}}
    stand = start("purge", **route)
    answer = stand.send(stand.mail("Gone soon"))
    assert answer.code == 250, answer
    stand.delivered(answer.event)

    def erased():
        return [r for r in stand.records(answer.event) if "erase" in r["action"]["type"]]
    wait_until(erased, "the record of the erasure")
    out = stand.mailtri.ctl_run("queue", "show", answer.event, "--json")
    assert out.returncode != 0 or "erased" in out.stdout
    # Whoever reads the audit log now learns that it happened, not who it was.
    assert {r["actor"]["email"] for r in stand.records(answer.event)} <= {None, ""}
    assert stand.mailtri.ctl_run("audit", "verify").returncode == 0
    assert stand.mailtri.stop() == 0


@pytest.fixture
def small_disk(world):
    """A file system of its own for the state of one instance."""
    at = world.folder / "small"
    at.mkdir(exist_ok=True)
    out = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "mailtri-test", at],
                         capture_output=True, text=True, check=False)
    if out.returncode != 0:
        pytest.skip("a file system can only be mounted by root")
    yield at
    subprocess.run(["umount", "-l", at], check=False)
    at.rmdir()


def fill(disk, leave):
    """Leaves that many bytes free, or what mailtri left of them meanwhile."""
    def filled():
        room = os.statvfs(disk)
        with open(disk / "ballast", "wb") as f, contextlib.suppress(OSError):
            os.posix_fallocate(f.fileno(), 0, room.f_bavail * room.f_frsize - leave)
            return True
        return False
    wait_until(filled, "a disk that is full")


class Sender:
    """Somebody who keeps what was said to him."""

    def __init__(self, stand, name):
        self.stand, self.name = stand, name
        self.offered, self.acknowledged = [], {}

    def offer(self, title, **mail):
        """The answer; None: the connection was lost."""
        self.offered.append(f"{title} ({self.name} {len(self.offered)})")
        try:
            answer = self.stand.send(self.stand.mail(self.offered[-1], **mail))
        except OSError:
            return None
        if answer.code == 250:
            self.acknowledged[answer.event] = self.offered[-1]
        return answer

    def check(self):
        """What was acknowledged is delivered once, the rest at most once."""
        for event in self.acknowledged:
            self.stand.delivered(event)
        times = collections.Counter(issue["title"] for issue in self.stand.linear.issues())
        assert {title: times[title] for title in self.acknowledged.values()} == dict.fromkeys(
            self.acknowledged.values(), 1)
        assert max(times[title] for title in self.offered) == 1


@pytest.mark.parametrize("leave,reserve", [(6 << 20, 8 << 20), (0, 0)], ids=["reserve", "full"])
def test_full_disk(start, small_disk, leave, reserve):
    stand = start(f"disk-{leave}", state_dir=small_disk / "state", limits={
        "disk_reserve": reserve, "retry_min": 1, "retry_max": 1})
    sender = Sender(stand, f"disk-{leave}")
    stand.delivered(sender.offer("Room for this").event)
    fill(small_disk, leave)

    def turned_away():
        answer = sender.offer("No room for this", body=("x" * 70 + "\n") * 800)
        assert answer is None or answer.code in (250, 452, 451)
        return answer if answer and answer.code == 452 else None
    answer = wait_until(turned_away, "a 452")
    assert answer.enhanced == "4.3.1"
    assert stand.mailtri.child.running()
    (small_disk / "ballast").unlink()

    def room_again():
        answer = sender.offer("Room again")
        return answer and answer.code == 250
    wait_until(room_again, "room again")
    sender.check()
    assert stand.mailtri.ctl_run("audit", "verify").returncode == 0
    assert stand.mailtri.stop() == 0


def test_orderly_stop_and_start(start):
    """What was accepted before a stop is there after it."""
    stand = start("restart")
    first = stand.send(stand.mail("Before the stop"))
    assert first.code == 250
    assert stand.mailtri.stop() == 0
    stand.mailtri.start()
    stand.delivered(first.event)
    assert stand.send(stand.mail("After the start")).code == 250
    assert stand.mailtri.stop() == 0
