# SPDX-License-Identifier: BSD-2-Clause
"""What a sender reads: answers through a real Postfix into his box, and what
becomes of it when he writes back; and that machines do not write to each other."""
import email
import email.policy
import shutil

import pytest
import sender
from child import free_port
from conftest import GOOD, Stand, zones
from instance import Bare
from postfix import Postfix
from world import ADDRESS, wait_until

OTHER_PIN = "sha256//" + "A" * 43 + "="
RELAY, ROBOT = "relay.example", "robot.example"
SAID_BY, ROBOT_ADDRESS = f"mailtri@{RELAY}", f"task.robot@{ROBOT}"
ROUTE = {"intents": ["create_task", "update_task"], "deliver": ["linear-dispatch"], "answer": True}
QUICK = {"retry_min": Bare("1s"), "retry_max": Bare("1s")}


class Box:
    """A relay, and the box of everybody at good.example behind it; what goes
    to robot.example is handed to the mailtri there."""

    def __init__(self, world, robot_port):
        self.port = free_port()
        certificate, key, self.pin = world.authority.issue(RELAY, "127.0.0.1")
        self.postfix = Postfix(
            [f"myhostname = {RELAY}", f"virtual_mailbox_domains = {GOOD}",
             "virtual_transport = virtual", "virtual_mailbox_maps = static:box/",
             "virtual_uid_maps = static:65534", "virtual_gid_maps = static:65534",
             f"relay_domains = {ROBOT}", "smtpd_tls_security_level = encrypt",
             f"relay_transport = smtp:[127.0.0.1]:{robot_port}",
             "smtp_tls_security_level = encrypt", "smtpd_relay_restrictions = reject_unauth_destination",
             "smtpd_tls_session_cache_database ="], world.authority.path,
            services=[f"127.0.0.1:{self.port} inet n - n - - smtpd", "virtual unix - n n - - virtual"])
        folder = self.postfix.folder
        for source, name in ((certificate, "cert.pem"), (key, "key.pem")):
            shutil.copy(source, folder / name)
        (folder / "mail").mkdir()
        (folder / "mail").chmod(0o777)
        with (self.postfix.config / "main.cf").open("a") as out:
            out.write(f"smtpd_tls_cert_file = {folder}/cert.pem\nsmtpd_tls_key_file = {folder}/key.pem\n"
                      f"virtual_mailbox_base = {folder}/mail\n")

    def mails(self):
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                for path in (self.postfix.folder / "mail").glob("box/new/*")]

    def about(self, event):
        """The answers that name an event."""
        return [m for m in self.mails() if event in m.get_body(("plain",)).get_content()]

    def options(self, world, **more):
        return {"relay": f"smtp://127.0.0.1:{self.port}", "relay_pin": [self.pin, OTHER_PIN],
                "relay_ca": world.authority.path, "relay_private": True, "from": SAID_BY, **more}


@pytest.fixture(scope="module", name="robot")
def _robot(world):
    return world.instance("robot")


@pytest.fixture(scope="module", name="box")
def _box(world, robot):
    made = Box(world, robot.port)
    with made.postfix:
        yield made


@pytest.fixture(scope="module", name="stand")
def _stand(world, domains, box):
    """One that answers; SPF and DMARC of the relay are in order, so that what
    it sends may pass at others."""
    own = {ROBOT: sender.Domain(ROBOT)}
    world.nameserver.serve(zones(domains | own) | {
        RELAY: {"A": ["127.0.0.1"], "TXT": ["v=spf1 ip4:127.0.0.1 -all"]},
        f"_dmarc.{RELAY}": {"TXT": ["v=DMARC1; p=reject"]}})
    mailtri = world.instance("answers")
    stages = {**world.stage_options(mailtri, [GOOD, ROBOT]),
              "answer": box.options(world, envelope_from=SAID_BY)}
    mailtri.configure(world.core_options(limits=QUICK, **{f'route "{ADDRESS}"': ROUTE}), stages)
    mailtri.start()
    yield Stand(world, mailtri, domains | own)
    assert mailtri.stop() == 0


def id_of(raw):
    return email.message_from_bytes(raw)["Message-ID"].strip()


def comments(stand):
    return stand.linear.state()["comments"]


def issue_of(stand, event):
    return stand.delivered(event)["targets"][0]["resource_id"]


@pytest.fixture(scope="module", name="told")
def _told(stand, box):
    """(event, the answer) of a mail that became an issue."""
    raw = stand.mail("Please order paper")
    stand.first = id_of(raw)
    event = stand.send(raw).event
    return event, wait_until(lambda: box.about(event), f"the answer to {event}")[0]


def test_what_was_done_is_told(stand, told):
    event, answer = told
    issue = issue_of(stand, event)
    url = next(i["url"] for i in stand.linear.issues() if i["identifier"] == issue)
    for kind in ("plain", "html"):
        text = answer.get_body((kind,)).get_content()
        assert issue in text and url in text, text
    assert answer["To"] == f"ann@{GOOD}" and answer["From"].addresses[0].addr_spec == SAID_BY
    assert answer["Subject"] == "Re: Please order paper"
    assert answer["Auto-Submitted"] == "auto-replied"
    assert answer["In-Reply-To"] == stand.first
    assert stand.first in answer["References"]
    assert answer["Message-ID"].startswith("<mt-") and answer["Mailtri-Mark"]
    assert answer["Reply-To"].addresses[0].addr_spec.startswith("r+")


def write_back(stand, answer, subject, to, body="And pencils.", reply_to=None):
    references = f"{answer['References']} {answer['Message-ID']}" if reply_to is None else reply_to
    raw = stand.mail(subject, to=to, body=body, fields=[
        ("In-Reply-To", references.split()[-1]), ("References", references)])
    stand.last = id_of(raw)
    return stand.send(raw, to=to)


def test_a_reply_becomes_a_comment(stand, told, box):
    event, answer = told
    to = answer["Reply-To"].addresses[0].addr_spec
    reply = write_back(stand, answer, "Re: Please order paper", to)
    assert reply.code == 250, str(reply)
    stand.delivered(reply.event)
    made = [c for c in comments(stand) if "And pencils" in c["body"]]
    assert len(made) == 1
    # To the reply there is an answer, too, and it leads to the same issue.
    again = wait_until(lambda: box.about(reply.event), f"the answer to {reply.event}")[0]
    assert again["In-Reply-To"] == stand.last
    # The same by the thread alone, to the address of the first mail.
    plain = write_back(stand, answer, "Re: Re: Please order paper", ADDRESS, "And ink.",
                       stand.first)
    assert plain.code == 250, str(plain)
    stand.delivered(plain.event)
    both = [c for c in comments(stand) if "And ink" in c["body"]]
    assert len(both) == 1 and both[0]["issueId"] == made[0]["issueId"]
    assert len([i for i in stand.linear.issues() if "order paper" in i["title"]]) == 1


def test_a_reply_to_a_change_becomes_a_comment(stand, told, box):
    issue = issue_of(stand, told[0])
    event = stand.send(stand.mail(f"#update {issue} !low")).event
    assert issue_of(stand, event) == issue
    answer = wait_until(lambda: box.about(event), f"the answer to {event}")[0]
    reply = write_back(stand, answer, "Re: thanks", answer["Reply-To"].addresses[0].addr_spec,
                       "Thank you.")
    assert issue_of(stand, reply.event) == issue
    made = [c for c in comments(stand) if "Thank you" in c["body"]]
    ids = [i["id"] for i in stand.linear.issues() if i["identifier"] == issue]
    assert [c["issueId"] for c in made] == ids


def test_nobody_else_may_use_the_address(stand, told):
    to = told[1]["Reply-To"].addresses[0].addr_spec
    raw = stand.mail("Not mine", who="bob", to=to)
    answer = stand.send(raw, mail_from=f"bob@{GOOD}", to=to)
    assert answer.code == 550 and answer.reason == "reply.sender", str(answer)


def test_what_failed_is_told(stand, box):
    stand.linear.set_mode("invalid", 1, "create")
    event = stand.send(stand.mail("Not to be had")).event
    answer = wait_until(lambda: box.about(event), f"the answer to {event}")[0]
    text = answer.get_body(("plain",)).get_content()
    assert "linear.invalid" in text and "Please" not in text.replace("Please order", "")
    assert answer["Reply-To"] is None


def test_a_list_gets_no_answer(stand, box):
    event = stand.send(stand.mail("To all", fields=[("List-Id", "<all.good.example>")])).event
    stand.delivered(event)
    after = stand.send(stand.mail("The next one")).event
    wait_until(lambda: box.about(after), f"the answer to {after}")
    assert box.about(event) == []


def test_two_that_answer_stop_after_one_mail(stand, world, robot, box):
    """The first mail comes from the address where the other one takes mail."""
    stages = world.stage_options(robot, [RELAY])
    stages["auth"] |= {"require": ["spf", "dmarc"]}
    robot.configure(
        world.core_options(limits=QUICK, **{f'route "{ROBOT_ADDRESS}"': ROUTE}),
        {**stages, "answer": box.options(world, envelope_from=ROBOT_ADDRESS)})
    robot.start()
    raw = stand.mail("From one to the other", who="task.robot", domain=ROBOT)
    event = stand.send(raw, mail_from=ROBOT_ADDRESS).event
    stand.delivered(event)
    got = wait_until(lambda: robot.ctl("queue", "list", "--all"), "the answer at the other")
    other = Stand(world, robot, {})
    item = other.delivered(got[0]["event"])
    # It was taken as a task, and that was all: nobody is told.
    assert item["answers"] == [] or item["answers"][0]["reason"].startswith("answer.suppressed")
    assert len(robot.ctl("queue", "list", "--all")) == 1
    assert [r["action"]["intent"] for r in stand.mailtri.records() if RELAY in str(r["actor"])] == []
    assert robot.stop() == 0
