# SPDX-License-Identifier: BSD-2-Clause
"""Clients that go away at every point of the dialogue, and clients that all
say the same at once."""
import pathlib
import threading

import pytest
from conftest import GOOD, Stand
from instance import Bare
from load import Wire, small_mail
from world import ADDRESS, wait_until

TWINS, SESSIONS = 100, 10


@pytest.fixture(scope="module")
def stand(world, domains):
    """With a listener without TLS, so that a cut falls where we say."""
    mailtri = world.instance("clients")
    mailtri.listen = {f'listen "127.0.0.1:{mailtri.port}"': {"tls": Bare("none")}}
    mailtri.configure(world.core_options(), world.stage_options(mailtri, [GOOD]))
    mailtri.start()
    yield Stand(world, mailtri, domains)
    assert mailtri.stop() == 0


def conversation(message):
    """What a client says, piece by piece, and whether a reply follows it."""
    cut = message.index(b"\r\n\r\n") + 4
    return [(f"MAIL FROM:<ann@{GOOD}>\r\n".encode(), True),
            (f"RCPT TO:<{ADDRESS}>\r\n".encode(), True), (b"DATA\r\n", True),
            (message[:10], False), (message[10:cut - 2], False), (message[cut - 2:cut], False),
            (message[cut:-2], False), (message[-2:], False), (b".", False), (b"\r", False)]


def say(wire, pieces):
    for piece, answered in pieces:
        wire.send(piece)
        if answered:
            code, text = wire.read()
            assert code in (250, 354), text


def sessions(port):
    """How many connections the front holds."""
    held, here = {"01", "08"}, f":{port:04X}"  # ESTABLISHED, CLOSE_WAIT
    rows = [row.split() for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(1 for row in rows if row[1].endswith(here) and row[3] in held)


def left_behind(stand):
    """What a session may have left: mails, and files of theirs."""
    return (stand.mailtri.ctl("queue", "list"), sorted((stand.mailtri.state / "bodies").iterdir()))


@pytest.mark.parametrize("abruptly", [False, True], ids=["closed", "reset"])
def test_a_cut_leaves_nothing(stand, abruptly):
    """The mail of every cut is the same, so that a claim a cut left behind
    would make the last offer a replay."""
    message = small_mail(stand.domains[GOOD], f"Cut {abruptly}")
    before = left_behind(stand)
    pieces = conversation(message)
    for count in range(len(pieces) + 1):
        wire = Wire(stand.mailtri.port, f"mx.{GOOD}")
        say(wire, pieces[:count])
        wire.close(abruptly)
    wait_until(lambda: sessions(stand.mailtri.port) == 0, "the end of all sessions")
    assert left_behind(stand) == before
    wire = Wire(stand.mailtri.port, f"mx.{GOOD}")
    answer = wire.offer(f"ann@{GOOD}", ADDRESS, message)
    wire.close()
    assert answer.code == 250, str(answer)
    assert len(stand.records(answer.event)) > 0
    stand.delivered(answer.event)
    titles = [issue["title"] for issue in stand.linear.issues()]
    assert titles.count(f"Cut {abruptly}") == 1


def test_equal_mails_at_once(stand):
    """One is new; every other is told that it was taken already, or to come
    again while the first is being judged."""
    message = small_mail(stand.domains[GOOD], "Twins")
    answers, together = [], threading.Barrier(SESSIONS)

    def one():
        wire = Wire(stand.mailtri.port, f"mx.{GOOD}")
        together.wait()
        for _ in range(TWINS // SESSIONS):
            answers.append(wire.offer(f"ann@{GOOD}", ADDRESS, message))
        wire.close()
    threads = [threading.Thread(target=one) for _ in range(SESSIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == TWINS
    events = {a.event for a in answers if a.code == 250}
    assert len(events) == 1, [str(a) for a in answers]
    refused = {(a.code, a.reason) for a in answers if a.code != 250}
    assert refused <= {(550, "auth.replay"), (451, "auth.replay.busy")}, refused
    event = events.pop()
    stand.delivered(event)
    assert [i["title"] for i in stand.linear.issues()].count("Twins") == 1
