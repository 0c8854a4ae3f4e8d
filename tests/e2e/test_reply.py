# SPDX-License-Identifier: BSD-2-Clause
"""Mail that answers mail, and what senders are told: threads, addresses to reply
to, answers, and our own mail coming back."""
import re
import shutil

import pytest
from conftest import GOOD, SECOND
from test_damage import LARGE, body
from test_kept import disguises, hits
from world import ADDRESS, Bare, wait_until

ROUTE = {"intents": ["create_task"], "deliver": ["t-deliver"], "answer": True}
OTHER = "task.other@mailtri.example"
QUICK = {"retry_min": Bare("1s"), "retry_max": Bare("1s")}
HOLDING = ["auth", "allowlist", "t-verdict"]


@pytest.fixture(scope="module")
def answering(world, start):
    """start() with a stage `answer' of the tests, in place of any real one."""
    shutil.copy(world.programs.stages / "t-answer.so", world.programs.stages / "answer.so")

    def make(name, stages=None, limits=None, answer=None, **options):
        routes = {f'route "{ADDRESS}"': ROUTE, f'route "{OTHER}"': ROUTE}
        return start(name, stages={"answer": {"relay": "set", **(answer or {})}, **(stages or {})},
                     limits={**QUICK, **(limits or {})}, **{**routes, **options})
    return make


@pytest.fixture(scope="module")
def stand(answering):
    made = answering("reply")
    yield made
    assert made.mailtri.stop() == 0


@pytest.fixture(scope="module")
def holding(answering):
    made = answering("reply-held", pipeline=HOLDING, stages={"t-verdict": {"hold": "operator"}})
    yield made
    assert made.mailtri.stop() == 0


def log(stand):
    return (stand.mailtri.folder / "mailtrid.log").read_text(errors="replace").splitlines()


def told(stand, event, outcome):
    """The facts of that answer, once it was sent."""
    def look():
        found = [line for line in log(stand)
                 if f"answer.outcome={outcome}|" in line and f"event={event}" in line]
        return found
    line = wait_until(look, f"{event}: the answer {outcome}")[-1]
    said = line.rpartition(" event=")[0].replace("\\x20", " ").partition("told ")[2]
    return dict(pair.partition("=")[::2] for pair in said.split("|"))


def delivered_as(stand, event):
    """What t-deliver said of it: begins, or answers which."""
    def look():
        return [line for line in log(stand) if "t-deliver: " in line and f"event={event}" in line]
    line = wait_until(look, f"delivery of {event}")[-1].replace("\\x20", " ")
    words = re.findall(r"(\w+)=(\w[\w-]*)", line)
    return dict(words)


def message_id(message):
    return re.search(rb"Message-ID: (<[^>]+>)", message).group(1).decode()


def item(stand, event):
    return stand.mailtri.ctl_one("queue", "show", event)


def begin(stand, subject="Begin", **more):
    message = stand.mail(subject, **more)
    answer = stand.send(message)
    assert answer.code == 250, str(answer)
    return message, answer.event


def test_a_reply_names_what_it_answers(stand):
    first, event = begin(stand)
    own = delivered_as(stand, event)
    assert "answers" not in own
    reply = stand.mail("Re: Begin", fields=[("In-Reply-To", message_id(first))])
    second = stand.send(reply)
    third = stand.send(stand.mail("Re: Re: Begin", who="bob", fields=[
        ("References", f"{message_id(first)} {message_id(reply)} <nobody@else.example>")]))
    for answer in (second, third):
        said = delivered_as(stand, answer.event)
        assert (said["answers"], said["its"], said["made"]) == \
            (event, own["key"], f"T-{own['key'][:6]}")
        assert said["key"] != own["key"]
        stand.delivered(answer.event)


def test_who_is_not_proven_joins_no_thread(answering):
    """Nobody asked who wrote: neither mail has a name another may take."""
    stand = answering("reply-unproven", pipeline=["t-verdict"], stages={"t-verdict": {}})
    first, event = begin(stand)
    assert "answers" not in delivered_as(stand, event)
    reply = stand.send(stand.mail("Re: Begin", fields=[("In-Reply-To", message_id(first))]))
    assert "answers" not in delivered_as(stand, reply.event)
    assert stand.mailtri.stop() == 0


def test_another_route_is_another_thread(stand):
    first, event = begin(stand)
    stand.delivered(event)
    answer = stand.send(stand.mail("Re: Begin", to=OTHER, fields=[("In-Reply-To", message_id(first))]),
                        to=OTHER)
    assert "answers" not in delivered_as(stand, answer.event)


def test_comments_wait_for_their_create_over_a_restart(stand):
    """All are due at once; each is handed over behind the one before."""
    stand.mailtri.ctl("queue", "pause")
    first, event = begin(stand, "In order")
    events = [event]
    for n in range(6):
        events.append(stand.send(stand.mail(f"Re: {n}", fields=[
            ("In-Reply-To", message_id(first))])).event)
    assert stand.mailtri.stop() == 0
    stand.mailtri.start()
    stand.mailtri.ctl("queue", "resume")
    for each in events:
        stand.delivered(each)
    order = [each for line in log(stand) if "t-deliver: " in line
             for each in events if f"event={each}" in line]
    assert order == events


def test_done_is_told(stand):
    _, event = begin(stand, "Done and told")
    said = told(stand, event, "done")
    assert said["answer.stage"] == "t-deliver"
    assert said["answer.reason"] == "t-deliver.done"
    assert said["answer.resource_id"] == f"T-{delivered_as(stand, event)['key'][:6]}"
    assert said["answer.resource_url"] == "https://t.example/Done and told"
    assert said["answer.reply_to"].endswith("@mailtri.example")
    assert said["threads"] == "0"
    shown = wait_until(lambda: [a for a in item(stand, event)["answers"] if a["state"] == "delivered"],
                       "the answer delivered")
    assert [a["outcome"] for a in shown] == ["done"]
    assert item(stand, event)["state"] == "done"
    assert [t["stage"] for t in item(stand, event)["targets"]] == ["t-deliver"]
    actions = [r["action"]["type"] for r in stand.records(event)]
    assert actions.count("mailtri.answer") == 2  # the attempt, and that it succeeded


def test_failed_is_told_once(stand):
    _, event = begin(stand, "Fails", fields=[("X-Test-Deliver", "fail")])
    said = told(stand, event, "failed")
    assert (said["answer.stage"], said["answer.reason"], said["answer.text"]) == \
        ("t-deliver", "t-deliver.failed", "It was asked to fail.")
    assert "answer.reply_to" not in said
    stand.mailtri.ctl("queue", "retry", event)
    wait_until(lambda: item(stand, event)["state"] == "dead" and item(stand, event)["targets"][0]
               ["attempts"] == 2, "dead again")
    assert [a["outcome"] for a in item(stand, event)["answers"]] == ["failed"]


def test_an_answer_is_tried_again_under_its_key(stand):
    _, event = begin(stand, "Again", fields=[("X-Test-Answer", "retry")])
    wait_until(lambda: told(stand, event, "done")["attempt"] == "2", "a second attempt")
    keys = [re.search(r"key=(\w+)", line).group(1) for line in log(stand)
            if "answer: told" in line and f"event={event}" in line]
    assert len(keys) == 2 and len(set(keys)) == 1


def test_an_answer_that_fails_is_not_the_messages_fault(stand):
    _, event = begin(stand, "Unheard", fields=[("X-Test-Answer", "fail")])
    wait_until(lambda: [a for a in item(stand, event)["answers"] if a["state"] == "failed"],
               "the answer failed")
    assert item(stand, event)["state"] == "done"
    assert any("could not be told that it is done" in line and event in line for line in log(stand))
    assert [r["result"]["status"] for r in stand.records(event)
            if r["action"]["type"] == "mailtri.answer"] == ["deferred", "failed"]


def test_an_answer_about_a_damaged_mail_ends(stand):
    """The mail was done before its bytes changed, and stays done."""
    stand.mailtri.ctl("queue", "pause", "answer")
    _, event = begin(stand, "Spoilt", body=LARGE)
    wait_until(lambda: item(stand, event)["state"] == "done" and item(stand, event)["answers"], "done")
    body(stand.mailtri.state, event)
    stand.mailtri.ctl("queue", "resume", "answer")
    wait_until(lambda: item(stand, event)["answers"][0]["state"] == "failed", "the answer failed")
    assert item(stand, event)["answers"][0]["reason"] == "host.body.damaged"
    assert item(stand, event)["state"] == "done"
    _, other = begin(stand, "Whole")
    told(stand, other, "done")
    (record,) = [r for r in stand.records(event) if r["action"]["type"] == "mailtri.damage"]
    assert (record["result"]["status"], record["reason"]) == ("failed", "host.body.damaged")
    assert len([line for line in log(stand) if event in line and "its sender is not told" in line]) == 1


@pytest.mark.parametrize("fields,mail_from", [
    ([("Auto-Submitted", "auto-replied")], None), ([("Precedence", "bulk")], None),
    ([("List-Id", "<list.good.example>")], None), ([], "")])
def test_machines_are_not_answered(stand, fields, mail_from):
    answer = stand.send(stand.mail("Automatic", fields=fields),
                        **({} if mail_from is None else {"mail_from": mail_from}))
    assert answer.code == 250, str(answer)
    assert stand.delivered(answer.event)["answers"] == []


def test_a_person_says_it_is_no_machine(stand):
    _, event = begin(stand, "By hand", fields=[("Auto-Submitted", "no")])
    told(stand, event, "done")


def reply_to(stand, subject="To be replied to"):
    _, event = begin(stand, subject)
    return event, told(stand, event, "done")["answer.reply_to"]


def test_mail_to_the_address_answers_its_event(stand):
    event, address = reply_to(stand)
    answer = stand.send(stand.mail("No header names it", to=address), to=address)
    assert answer.code == 250, str(answer)
    assert delivered_as(stand, answer.event)["answers"] == event
    assert item(stand, answer.event)["route"] == ADDRESS
    upper = address.upper()
    answer = stand.send(stand.mail("Shouted", to=upper), to=upper)
    assert delivered_as(stand, answer.event)["answers"] == event


def test_the_address_is_for_one_person(stand):
    _, address = reply_to(stand)
    for who, domain in (("bob", GOOD), ("ann", SECOND)):
        answer = stand.send(stand.mail("Mine?", who=who, domain=domain, to=address),
                            mail_from=f"{who}@{domain}", to=address)
        assert (answer.code, answer.enhanced, answer.reason) == (550, "5.7.1", "reply.sender")
    assert stand.newest("reply.sender")["result"]["status"] == "refused"


def test_a_forged_address_is_unknown(stand):
    event, address = reply_to(stand)
    local, _, domain = address.partition("@")
    other = "1" if local[-1] == "0" else "0"
    wrong_mac, wrong_event = local[:-1] + other, "r+" + "0" * 26 + local[28:]
    for forged in (f"{wrong_mac}@{domain}", f"{wrong_event}@{domain}"):
        answer = stand.send(stand.mail("Forged", to=forged), to=forged)
        assert (answer.code, answer.enhanced, answer.reason) == (550, "5.1.1", "reply.unknown")
    expired = local[:28] + "0" * 7 + local[35:]
    answer = stand.send(stand.mail("Late", to=f"{expired}@{domain}"), to=f"{expired}@{domain}")
    assert (answer.code, answer.reason) == (550, "reply.expired")
    elsewhere = f"{local}@elsewhere.example"
    assert stand.send(stand.mail("Where", to=elsewhere), to=elsewhere).reason == "smtp.rcpt.unknown"
    short = f"r+short@{domain}"
    assert stand.send(stand.mail("Short", to=short), to=short).reason == "smtp.rcpt.unknown"


def test_an_address_outlives_a_restart(stand):
    event, address = reply_to(stand)
    assert stand.mailtri.stop() == 0
    stand.mailtri.start()
    answer = stand.send(stand.mail("After a restart", to=address), to=address)
    assert delivered_as(stand, answer.event)["answers"] == event


def test_clients_that_leave_while_an_address_is_looked_up(stand):
    _, address = reply_to(stand)
    engine = stand.mailtri.roles()["engine"]
    for _ in range(40):
        smtp = stand.client().connect()
        smtp.sock.sendall(f"MAIL FROM:<ann@{GOOD}>\r\nRCPT TO:<{address}>\r\n".encode())
        smtp.close()
    assert stand.send(stand.mail("Stays", to=address), to=address).code == 250
    wait_until(lambda: stand.mailtri.status()["mails_in_flight"] == 0, "nobody in flight")
    assert stand.mailtri.roles()["engine"] == engine


def test_our_own_mail_is_refused(stand):
    _, event = begin(stand, "Marked")
    mark = told(stand, event, "done")["answer.mark"]
    answer = stand.send(stand.mail("Back", fields=[("Mailtri-Mark", mark)]))
    assert (answer.code, answer.enhanced, answer.reason) == (554, "5.4.6", "host.loop")
    assert stand.newest("host.loop")["result"]["status"] == "refused"
    other = "1" if mark[-1] == "0" else "0"
    for foreign in (mark[:-1] + other, "from somebody else"):
        assert stand.send(stand.mail("Foreign", fields=[("Mailtri-Mark", foreign)])).code == 250


def test_more_than_thirty_received_fields_are_a_circle(stand):
    def send(count):
        trace = [("Received", f"from a by b; {n}") for n in range(count)]
        return stand.send(stand.mail("Round", fields=trace))
    assert send(30).code == 250
    answer = send(31)
    assert (answer.code, answer.enhanced, answer.reason) == (554, "5.4.6", "host.loop")


def test_held_released_done(holding):
    _, event = begin(holding, "Held")
    said = told(holding, event, "held")
    assert (said["answer.stage"], said["answer.reason"]) == ("t-verdict", "host.held")
    assert "answer.reply_to" in said
    assert item(holding, event)["state"] == "held"
    holding.mailtri.ctl("queue", "release", event)
    told(holding, event, "done")
    assert sorted(a["outcome"] for a in item(holding, event)["answers"]) == ["done", "held"]


def test_an_address_goes_with_its_message(holding):
    _, event = begin(holding, "Held and discarded")
    address = told(holding, event, "held")["answer.reply_to"]
    assert holding.send(holding.mail("While it is there", to=address), to=address).code == 250
    holding.mailtri.ctl("queue", "discard", event)
    answer = holding.send(holding.mail("Too late", to=address), to=address)
    assert (answer.code, answer.reason) == (550, "reply.unknown")


def test_held_refused(holding):
    _, event = begin(holding, "Held, then not")
    holding.mailtri.ctl("queue", "refuse", event)
    said = told(holding, event, "refused")
    assert said["answer.reason"] == "operator.refuse"
    assert "answer.reply_to" not in said
    assert item(holding, event)["state"] == "refused"


def test_held_too_long(answering):
    stand = answering("reply-expired", pipeline=HOLDING,
                      stages={"t-verdict": {"hold": "operator", "expire": Bare("1s")}})
    _, event = begin(stand, "Nobody looks")
    assert told(stand, event, "refused")["answer.reason"] == "hold.expired"
    assert stand.mailtri.stop() == 0


def test_budgets(answering):
    stand = answering("reply-budget", limits={"answers_per_sender": 3, "answers_per_thread": 2})
    first, event = begin(stand, "One")
    told(stand, event, "done")
    events = [event]
    for n in range(2):
        events.append(stand.send(stand.mail(f"Re: {n}", fields=[
            ("In-Reply-To", message_id(first))])).event)
        stand.delivered(events[-1])
    assert [len(stand.delivered(e)["answers"]) for e in events] == [1, 1, 0]  # of the thread
    others = [begin(stand, f"Other {n}")[1] for n in range(2)]
    assert sum(len(stand.delivered(e)["answers"]) for e in others) == 1  # of the sender
    lines = [line for line in log(stand) if "its sender is not told that it is done" in line]
    assert len(lines) == 2
    assert "answers_per_thread" in lines[0] and "answers_per_sender" in lines[1]
    bob = stand.send(stand.mail("Other person", who="bob"), mail_from=f"bob@{GOOD}")
    assert len(stand.delivered(bob.event)["answers"]) == 1
    assert stand.mailtri.stop() == 0


def test_no_word_of_an_answer_is_on_the_disk(answering):
    """Where it was made has the subject in it: kept for the answer, and sealed."""
    stand = answering("reply-canary", answer={"log": False})
    for subject, fields in (("Quixotrelle", []), ("Quixotrelle", [("X-Test-Deliver", "fail")]),
                            ("Quixotrelle", [("X-Test-Answer", "retry")])):
        message, event = begin(stand, subject, fields=fields)
        wait_until(lambda e=event: [a for a in item(stand, e)["answers"]
                                    if a["state"] in ("delivered", "waiting")], "an answer")
        name = message_id(message).strip("<>").encode()
        assert hits(stand.mailtri.folder, (b"Quixotrelle", b"t.example/", name)) == []
    assert stand.mailtri.stop() == 0
    assert hits(stand.mailtri.folder, (b"Quixotrelle", b"t.example/", b"ann@good.example")) == []
    assert list(disguises(b"Quixotrelle"))


def complain(world, name, stages, **options):
    mailtri = world.instance(name)
    mailtri.configure(world.core_options(**options), {
        **world.stage_options(mailtri, [GOOD]), **stages})
    return mailtri.check_configuration()


def test_the_stage_belongs_to_the_configuration(world, answering):
    assert answering
    route = {f'route "{ADDRESS}"': ROUTE}
    code, text = complain(world, "conf-option", {"answer": {}}, **route)
    assert code != 0 and "relay" in text and "answer" in text
    code, text = complain(world, "conf-deliver", {"answer": {"relay": "x"}},
                          **{f'route "{ADDRESS}"': {**ROUTE, "deliver": ["answer"]}})
    assert code != 0 and "write answer = true" in text
    (world.programs.stages / "answer.so").rename(world.folder / "answer.so")
    try:
        code, text = complain(world, "conf-so", {"answer": {"relay": "x"}}, **route)
        assert code != 0
        assert re.search(r"mailtri\.conf:\d+: .*answer", text), text
    finally:
        shutil.move(world.folder / "answer.so", world.programs.stages / "answer.so")
    code, text = complain(world, "conf-good", {"answer": {"relay": "x"}}, **route)
    assert code == 0, text


def test_check_without_state_knows_no_such_address(stand):
    _, address = reply_to(stand)
    out = stand.mailtri.ctl_run("check", "-", "--client", "127.0.0.1", "--helo", "mx.good.example",
                                "--mail-from", f"ann@{GOOD}", "--rcpt", address, "--json",
                                stdin=stand.mail("Check", to=address).decode())
    assert '"smtp.rcpt.unknown"' in out.stdout, out
