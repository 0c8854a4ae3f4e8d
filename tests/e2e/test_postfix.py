# SPDX-License-Identifier: BSD-2-Clause
"""A real Postfix in front of mailtri, over LMTP and SMTP: what is judged and
written down is its client, and nobody else can claim to be one."""
import re
import smtplib
import socket

import pytest
import sender
from child import free_port
from conftest import GOOD, Stand, zones
from instance import Bare
from postfix import Postfix, can_run
from world import ADDRESS

# Whose mail comes from 127.0.0.5 alone, and whose from the upstream alone.
OUTER, INNER = "outer.example", "inner.example"
OUTSIDE, STRANGE, UPSTREAM = "127.0.0.5", "127.0.0.6", "127.0.0.1"
OTHER = "note.archive@mailtri.example"
SOCKET = "front.sock"
TLS = ["smtp_tls_security_level = encrypt", "lmtp_tls_security_level = encrypt"]
TELL = ["smtp_send_xforward_command = yes", "lmtp_send_xforward_command = yes"]


@pytest.fixture(scope="module", name="own")
def _own():
    """The domains of this file, beside those of all."""
    return {name: sender.Domain(name) for name in (OUTER, INNER)}


@pytest.fixture(scope="module", name="stand")
def _stand(world, domains, own):
    """One mailtri that a Postfix on 127.0.0.1 may be in front of."""
    only = {OUTER: f"v=spf1 ip4:{OUTSIDE} -all", INNER: f"v=spf1 ip4:{UPSTREAM} -all"}
    records = zones(domains)
    for name, domain in own.items():
        records |= domain.zone(spf=only[name])
    world.nameserver.serve(records)
    mailtri = world.instance("front")
    mailtri.lmtp, mailtri.plain = free_port(), free_port()
    mailtri.listen |= {
        f'listen "127.0.0.1:{mailtri.port}"': {"tls": Bare("required"), "xforward": [UPSTREAM]},
        f'listen "127.0.0.1:{mailtri.lmtp}"': {
            "protocol": Bare("lmtp"), "xforward": [UPSTREAM], "xclient": [UPSTREAM]},
        f'listen "127.0.0.1:{mailtri.plain}"': {"tls": Bare("none")},
        f'listen "unix:{mailtri.run}/{SOCKET}"': {
            "protocol": Bare("lmtp"), "mode": "0660", "xforward": ["unix"],
            **({"group": "postfix"} if can_run() else {})},
        f'listen "unix:{mailtri.run}/owned.sock"': {
            **({"owner": "postfix"} if can_run() else {})}}
    stages = world.stage_options(mailtri, [GOOD, OUTER, INNER])
    mailtri.configure(world.core_options(**{f'route "{OTHER}"': {"intents": ["keep_note"]}}), stages)
    mailtri.start()
    yield Stand(world, mailtri, domains | own)
    assert mailtri.stop() == 0


def routes(mailtri):
    return {"lmtp-unix": f"lmtp:unix:{mailtri.run}/{SOCKET}",
            "lmtp": f"lmtp:inet:127.0.0.1:{mailtri.lmtp}",
            "smtp": f"smtp:[127.0.0.1]:{mailtri.port}"}


def in_front(stand, route, *options):
    """Postfix that takes mail on a port of its own and hands it on."""
    port = free_port()
    made = Postfix(
        ["myhostname = mx.front.example", "relay_domains = mailtri.example",
         f"relay_transport = {routes(stand.mailtri)[route]}", "smtputf8_enable = yes",
         "smtp_destination_recipient_limit = 1", "lmtp_destination_recipient_limit = 1",
         *([] if route == "lmtp-unix" else TLS), *options],
        stand.world.authority.path, services=[f"127.0.0.1:{port} inet n - n - - smtpd"])
    made.port = port
    return made


@pytest.fixture(scope="module", name="postfix", params=["lmtp-unix", "lmtp", "smtp"])
def _postfix(stand, request):
    with in_front(stand, request.param, *TELL) as postfix:
        postfix.route = request.param
        yield postfix


def through(postfix, message, mail_from, source, *recipients, parameters=()):
    """Offers a mail to Postfix; its port outside and what came of it."""
    with smtplib.SMTP("127.0.0.1", postfix.port, local_hostname=f"mx.{OUTER}", timeout=60,
                      source_address=(source, 0)) as smtp:
        port = smtp.sock.getsockname()[1]
        assert not smtp.sendmail(mail_from, recipients or [ADDRESS], message, parameters)
    return port, postfix.status()


def event_of(status):
    return re.search(r"evt_\w+", status).group(0)


def test_the_client_is_judged_not_postfix(stand, postfix):
    title = f"Through {postfix.route}"
    message = stand.mail(title, domain=OUTER)
    port, status = through(postfix, message, f"ann@{OUTER}", OUTSIDE)
    assert "status=sent (250 2.0.0 evt_" in status
    event = event_of(status)
    stand.delivered(event)
    assert [i["title"] for i in stand.linear.issues()].count(title) == 1
    record = stand.records(event)[0]
    assert record["actor"]["ip"] == OUTSIDE
    assert record["authentication"] == {"spf": "pass", "dkim": "pass", "dmarc": "pass"}
    client = stand.mailtri.ctl_one("explain", event)["client"]
    assert client.pop("tls").startswith("TLSv1.3 ") == (postfix.route != "lmtp-unix")
    assert client == {
        "address": OUTSIDE, "port": port, "helo": f"mx.{OUTER}",
        "protocol": {"lmtp-unix": "LMTP", "lmtp": "LMTPS", "smtp": "ESMTPS"}[postfix.route],
        "upstream": "unix" if postfix.route == "lmtp-unix" else UPSTREAM}


@pytest.mark.parametrize("domain", [OUTER, INNER])
def test_a_client_that_spf_refuses(stand, postfix, domain):
    """Also where SPF permits the Postfix itself."""
    message = stand.mail(f"Strange {domain} {postfix.route}", domain=domain)
    _, status = through(postfix, message, f"ann@{domain}", STRANGE)
    assert "status=bounced" in status and "550 5.7.23 auth.spf.fail" in status
    assert stand.newest("auth.spf.fail")["actor"]["ip"] == STRANGE


def test_a_client_cannot_forge_through_postfix(stand, postfix):
    message = stand.mail(f"Forged {postfix.route}", domain=OUTER)
    with smtplib.SMTP("127.0.0.1", postfix.port, local_hostname=f"mx.{OUTER}", timeout=60,
                      source_address=(STRANGE, 0)) as smtp:
        smtp.ehlo()
        assert not smtp.has_extn("xforward") and not smtp.has_extn("xclient")
        for command in ("XFORWARD", "XCLIENT"):
            assert smtp.docmd(command, f"ADDR={OUTSIDE} HELO=mx.{OUTER}")[0] >= 500
        smtp.ehlo(f"mx.{OUTER}\tXFORWARD ADDR={OUTSIDE}")
        smtp.ehlo(f"mx.{OUTER}+0D+0AXFORWARD ADDR={OUTSIDE}")
        assert not smtp.sendmail(f"ann@{OUTER}", [ADDRESS], message)
    status = postfix.status()
    assert "status=bounced" in status and "auth.spf.fail" in status
    assert stand.newest("auth.spf.fail")["actor"]["ip"] == STRANGE


def test_one_recipient_a_mail(stand, postfix):
    """Each gets an answer of its own."""
    message = stand.mail(f"Two {postfix.route}", domain=OUTER)
    message = stand.domains[OUTER].sign(sender.compose(
        f"ann@{OUTER}", f"{ADDRESS}, {OTHER}", f"Two {postfix.route}"))
    _, first = through(postfix, message, f"ann@{OUTER}", OUTSIDE, ADDRESS, OTHER)
    second = postfix.status()
    assert "status=sent" in first and "status=sent" in second
    assert event_of(first) != event_of(second)


def test_internationalised_mail(stand, postfix):
    title = f"Öffne durch {postfix.route}"
    message = stand.domains[OUTER].sign(sender.compose(f"Jöran <jöran@{OUTER}>", ADDRESS, title))
    _, status = through(postfix, message, f"jöran@{OUTER}", OUTSIDE, parameters=["SMTPUTF8"])
    assert "status=sent (250 2.0.0 evt_" in status
    explained = stand.mailtri.ctl_one("explain", event_of(status))
    assert explained["client"]["protocol"] == {
        "lmtp-unix": "UTF8LMTP", "lmtp": "UTF8LMTPS", "smtp": "UTF8SMTPS"}[postfix.route]
    assert explained["client"]["address"] == OUTSIDE
    assert stand.records(event_of(status))[0]["actor"]["email"] == f"jöran@{OUTER}"


def test_mail_of_its_own_has_no_client(stand, postfix):
    """Written on the machine of the Postfix: nobody vouches for it."""
    postfix.hand_over(stand.mail("Local", domain=INNER), f"ann@{INNER}", ADDRESS)
    status = postfix.status()
    assert "status=deferred" in status and "451 4.7.0 auth.temperror" in status


def test_a_postfix_that_does_not_tell(stand):
    """Its own address never stands for its clients', even where SPF permits it."""
    with in_front(stand, "smtp") as silent:
        _, status = through(silent, stand.mail("Silent", domain=INNER), f"ann@{INNER}", STRANGE)
    assert "status=deferred" in status and "451 4.7.0 auth.temperror" in status
    assert stand.newest("auth.temperror")["actor"]["ip"] == "unknown"


def offer(stand, smtp, domain, title):
    """One mail in an open session: the code of its answer."""
    answer = sender.Client.offer(smtp, f"ann@{domain}", ADDRESS, stand.mail(title, domain=domain))
    return answer.code, answer.reason


@pytest.mark.parametrize("command", ["XFORWARD", "XCLIENT"])
def test_forged_by_a_stranger(stand, command):
    """Who is named by no list has no word at all."""
    client = sender.Client(stand.mailtri.plain, f"mx.{OUTER}", source=STRANGE)
    with client.connect(starttls=False) as smtp:
        assert not smtp.has_extn(command)
        code, text = smtp.docmd(command, f"ADDR={OUTSIDE} HELO=mx.{OUTER}")
        assert (code, text.decode()) == (
            550, "5.7.0 smtp.upstream: you may not speak for others")
        assert offer(stand, smtp, OUTER, f"Forged by {command}") == (550, "auth.spf.fail")
    assert stand.newest("auth.spf.fail")["actor"]["ip"] == STRANGE
    # Nor on a listener where others are.
    client = stand.client(helo=f"mx.{OUTER}", source=STRANGE)
    with client.connect() as smtp:
        assert smtp.docmd(command, f"ADDR={OUTSIDE}")[0] == 550
        assert offer(stand, smtp, OUTER, f"Again by {command}") == (550, "auth.spf.fail")


class Lmtp(smtplib.SMTP):
    """As an upstream speaks it."""
    ehlo_msg = "lhlo"


def test_xclient(stand):
    with Lmtp("127.0.0.1", stand.mailtri.lmtp, timeout=60) as smtp:
        smtp.ehlo("proxy.example")
        smtp.starttls(context=stand.client()._tls)  # pylint: disable=W0212
        smtp.ehlo("proxy.example")
        assert smtp.docmd("XCLIENT", f"ADDR={OUTSIDE} PORT=99 NAME=[UNAVAILABLE]")[0] == 220
        smtp.ehlo(f"mx.{OUTER}")
        assert not smtp.has_extn("xclient") and not smtp.has_extn("starttls")
        assert smtp.docmd("XCLIENT", f"ADDR={UPSTREAM}")[0] == 550
        code, text = offer(stand, smtp, OUTER, "By XCLIENT")
        assert (code, text) == (250, "")


def greeting(path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(60)
        sock.connect(str(path))
        return sock.recv(200)


def test_the_sockets_are_whose_they_should_be(stand):
    given, owned = stand.mailtri.run / SOCKET, stand.mailtri.run / "owned.sock"
    assert given.stat().st_mode & 0o777 == 0o660 and owned.stat().st_mode & 0o777 == 0o600
    if can_run():
        assert (given.group(), owned.owner()) == ("postfix", "postfix")
    assert greeting(given).endswith(b" LMTP\r\n") and greeting(owned).endswith(b" ESMTP\r\n")
