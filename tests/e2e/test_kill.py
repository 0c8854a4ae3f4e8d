# SPDX-License-Identifier: BSD-2-Clause
"""Any process of mailtri is killed at any moment, under load: what was
acknowledged is done once, and the audit log verifies."""
import collections
import os
import random
import signal
import smtplib
import threading

from conftest import GOOD
from world import ADDRESS, wait_until

KILLS = int(os.environ.get("MAILTRI_KILLS", "8"))
SENDERS = 4
PROGRESS_S = 60


class Sender(threading.Thread):
    """Offers one mail after the other, each until it is acknowledged."""

    def __init__(self, load, number):
        super().__init__(daemon=True)
        self.load, self.number = load, number

    def run(self):
        count = 0
        while not self.load.ended.is_set():
            title = f"Kill {self.number}.{count}"
            message = self.load.stand.mail(title)
            while not self._offer(title, message):
                if self.load.ended.is_set():
                    return
            count += 1

    def _offer(self, title, message):
        try:
            answer = self.load.stand.send(message)
        except (OSError, smtplib.SMTPException):
            self.load.ended.wait(0.01)  # nobody listens for a moment
            return False
        if answer.code == 250:
            self.load.acknowledge(title, answer.event)
            return True
        if answer.code >= 500:
            self.load.refuse(title, answer)
            return True
        return False


class Load:
    """The senders, and what they were told."""

    def __init__(self, stand):
        self.stand, self.ended = stand, threading.Event()
        self.acknowledged, self.refused = {}, []
        self._news = threading.Condition()
        self._senders = [Sender(self, n) for n in range(SENDERS)]
        for one in self._senders:
            one.start()

    def acknowledge(self, title, event):
        with self._news:
            self.acknowledged[title] = event
            self._news.notify_all()

    def refuse(self, title, answer):
        with self._news:
            self.refused.append((title, str(answer)))
            self._news.notify_all()

    def wait_progress(self, count=1):
        with self._news:
            wanted = len(self.acknowledged) + count
            assert self._news.wait_for(lambda: len(self.acknowledged) >= wanted, PROGRESS_S), \
                f"no mail was accepted for {PROGRESS_S} s\n" + self.stand.mailtri.child.tail()

    def end(self):
        self.ended.set()
        for one in self._senders:
            one.join(PROGRESS_S)


def kill_one(stand, chance, killed):
    mailtri = stand.mailtri
    pids = {"mailtrid": [mailtri.child.pid], **mailtri.roles()}
    role = chance.choice(sorted(pids))
    killed[role] += 1
    if role == "mailtrid":  # the service manager starts it again
        mailtri.kill()
        mailtri.start()
        return
    try:
        os.kill(chance.choice(pids[role]), signal.SIGKILL)
    except ProcessLookupError:
        pass


def test_killed_at_random(start):
    stand = start("kill", limits={"retry_min": 1, "retry_max": 1})
    seed = int(os.environ.get("MAILTRI_SEED", str(random.randrange(1 << 32))))
    print(f"MAILTRI_SEED={seed} repeats the choice of victims")
    chance, killed, load = random.Random(seed), collections.Counter(), Load(stand)
    try:
        load.wait_progress()
        for _ in range(KILLS):
            kill_one(stand, chance, killed)
            load.wait_progress(chance.randint(1, 2 * SENDERS))
    finally:
        load.end()
    print("killed:", dict(killed), "acknowledged:", len(load.acknowledged))
    assert load.refused == []

    def settled():
        queue = stand.mailtri.status()["queue"]
        return queue["active"] == queue["deferred"] == 0
    wait_until(settled, "the end of all deliveries", 120)
    made = collections.Counter(issue["title"] for issue in stand.linear.issues())
    lost = [t for t in load.acknowledged if made[t] == 0]
    doubled = [t for t, count in made.items() if t.startswith("Kill ") and count > 1]
    assert (lost, doubled) == ([], [])
    assert stand.mailtri.status()["queue"]["dead"] == 0
    out = stand.mailtri.ctl_run("audit", "verify")
    assert out.returncode == 0, out.stdout + out.stderr
    assert stand.mailtri.stop() == 0


def test_orderly_stop_and_start(start):
    """What was accepted before a stop is there after it."""
    stand = start("restart")
    first = stand.send(stand.mail("Before the stop"))
    assert first.code == 250
    assert stand.mailtri.stop() == 0
    stand.mailtri.start()
    stand.delivered(first.event)
    message = stand.mail("After the start")
    assert stand.client().send(f"ann@{GOOD}", ADDRESS, message).code == 250
    assert stand.mailtri.stop() == 0
