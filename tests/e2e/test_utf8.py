# SPDX-License-Identifier: BSD-2-Clause
"""Internationalised mail (RFC 6531, 6532): who wrote it is decided by A-labels,
what was written stays UTF-8 to the end."""
import json
import re

import pytest
import sender
from conftest import GOOD, Stand, zones
from world import ADDRESS

U_LABEL, A_LABEL = "bücher.example", "xn--bcher-kva.example"
ROUTE = "büro.größe@müller.example"
ROUTE_CANONICAL = "büro.größe@xn--mller-kva.example"


@pytest.fixture(scope="module", name="stand")
def _stand(world, domains):
    books = sender.Domain(A_LABEL)
    world.nameserver.serve(zones(domains) | books.zone())
    mailtri = world.instance("utf8")
    stages = world.stage_options(mailtri, [GOOD, A_LABEL])
    # A section of a stage's file finds its route by whatever spelling.
    stages["allowlist"]['route "büro.größe@xn--mller-KVA.example"'] = {"envelope": True}
    mailtri.configure(world.core_options(**{
        f'route "{ROUTE}"': {"intents": ["create_task"], "deliver": ["linear-dispatch"]}}), stages)
    mailtri.start()
    yield Stand(world, mailtri, domains | {A_LABEL: books})
    assert mailtri.stop() == 0


def mail(stand, title, who="jöran", to=ADDRESS):
    return stand.domains[A_LABEL].sign(
        sender.compose(f"Jöran Öst <{who}@{U_LABEL}>", to, title, "Grüße"))


def offer(stand, message, mail_from, to, *parameters):
    with stand.client(helo=f"mx.{A_LABEL}").connect() as smtp:
        return sender.Client.offer(smtp, mail_from, to, message, *parameters)


@pytest.mark.parametrize("to", [ROUTE, ROUTE_CANONICAL, "BüRO.größe@MÜLLER.example"])
def test_a_whole_mail(stand, to):
    title = f"Öffne 例 für {to}"
    answer = offer(stand, mail(stand, title), f"jöran@{U_LABEL}", to, "SMTPUTF8", "BODY=8BITMIME")
    assert answer.code == 250, answer
    stand.delivered(answer.event)
    assert [i["title"] for i in stand.linear.issues()].count(title) == 1
    for record in stand.records(answer.event):
        assert record["actor"]["email"] == f"jöran@{A_LABEL}"
        assert record["action"]["intent"] == ROUTE_CANONICAL
    assert stand.records(answer.event)[0]["authentication"] == {
        "spf": "pass", "dkim": "pass", "dmarc": "pass"}
    explained = stand.mailtri.ctl_one("explain", answer.event)
    assert explained["client"]["protocol"] == "UTF8SMTPS"
    assert explained["facts"]["auth.spf.domain"] == A_LABEL
    assert explained["facts"]["auth.from"] == f"jöran@{A_LABEL}"


def test_the_log_stays_utf8_and_verifies(stand, tmp_path):
    path = tmp_path / "audit"
    stand.mailtri.export_audit(path)
    for line in path.read_bytes().splitlines():
        json.loads(line.decode())
    assert stand.mailtri.verify_audit(path).returncode == 0


# what is sent without the parameter: MAIL FROM, RCPT TO, message; code
WITHOUT = [
    (f"joran@{A_LABEL}", ADDRESS, "Öst", 550),
    (f"joran@{A_LABEL}", ADDRESS, "plain", 250),
]


@pytest.mark.parametrize("mail_from,to,title,code", WITHOUT)
def test_a_header_needs_the_parameter(stand, mail_from, to, title, code):
    message = stand.domains[A_LABEL].sign(sender.compose(f"joran@{A_LABEL}", to, title))
    answer = offer(stand, message, mail_from, to)
    assert answer.code == code, answer
    if code != 250:
        assert (answer.enhanced, answer.reason) == ("5.6.7", "smtp.header.ascii")


def test_addresses_need_the_parameter(stand):
    with stand.client(helo=f"mx.{A_LABEL}").connect() as smtp:
        assert smtp.has_extn("smtputf8") and smtp.has_extn("8bitmime")
        smtp.command_encoding = "utf-8"
        code, text = smtp.docmd(f"MAIL FROM:<jöran@{U_LABEL}>")
        assert (code, text[:5]) == (550, b"5.6.7")
        assert smtp.docmd(f"MAIL FROM:<joran@{A_LABEL}>")[0] == 250
        code, text = smtp.docmd(f"RCPT TO:<{ROUTE}>")
        assert (code, text[:5]) == (553, b"5.6.7")
        assert smtp.docmd(f"RCPT TO:<{ADDRESS}>")[0] == 250


def test_another_domain_is_not_the_same(stand):
    """Who only looks like it is somebody else."""
    message = sender.compose("Jöran <jöran@bücһer.example>", ADDRESS, "Cyrillic")
    answer = offer(stand, message, f"jöran@{U_LABEL}", ADDRESS, "SMTPUTF8")
    assert answer.code == 550 and re.match(r"auth\.(dmarc|dkim|from)\.", answer.reason), answer


def test_check_takes_either_spelling(stand, tmp_path):
    zone = tmp_path / "zone.json"
    zone.write_text(json.dumps(stand.dns.zone))
    path = tmp_path / "mail.eml"
    path.write_bytes(mail(stand, "Prüfen"))
    facts = []
    for domain in (U_LABEL, A_LABEL):
        answer = stand.mailtri.ctl_one(
            "check", path, "--client", "127.0.0.1", "--helo", f"mx.{A_LABEL}",
            "--mail-from", f"jöran@{domain}", "--rcpt", ROUTE, "--dns", zone)
        assert answer["disposition"] == "accepted", answer
        assert answer["intent"]["route"] == ROUTE_CANONICAL
        facts.append(answer["facts"])
    assert facts[0] == facts[1]
