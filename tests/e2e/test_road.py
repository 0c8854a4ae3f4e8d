# SPDX-License-Identifier: BSD-2-Clause
"""The road of one mail, with real parts: what is accepted, what is refused
and why, and that nothing acts twice."""
import email

import pytest
import sender
from conftest import GOOD, NAKED, SECOND, STRANGER
from world import ADDRESS, wait_until


def titles(stand):
    """Of all issues there are."""
    return [issue["title"] for issue in stand.linear.issues()]


def test_a_good_mail_becomes_one_issue(stand):
    answer = stand.send(stand.mail("Order more paper", body="Two boxes."))
    assert (answer.code, answer.enhanced) == (250, "2.0.0")
    assert answer.event.startswith("evt_") and len(answer.event) == 30
    item = stand.delivered(answer.event)
    assert titles(stand).count("Order more paper") == 1
    issue = next(i for i in stand.linear.issues() if i["title"] == "Order more paper")
    assert "Two boxes." in issue["description"]
    assert item["targets"][0]["resource_id"] == issue["identifier"]


def test_its_audit_record_says_who_what_and_how(stand):
    answer = stand.send(stand.mail("Say who", fields=[("User-Agent", "Pen/1.0")]))
    stand.delivered(answer.event)
    records = stand.records(answer.event)
    accepted = records[0]
    assert accepted["eventId"] == answer.event
    assert accepted["actor"]["email"] == f"ann@{GOOD}"
    assert accepted["actor"]["verified"] is True
    assert accepted["actor"]["ip"] == "127.0.0.1"
    assert accepted["actor"]["userAgent"] == "Pen/1.0"
    assert accepted["action"]["type"] == "create_task"
    assert accepted["action"]["intent"] == ADDRESS
    assert accepted["authentication"] == {"spf": "pass", "dkim": "pass", "dmarc": "pass"}
    assert accepted["authorization"]["permitted"] is True
    assert accepted["authorization"]["policy"].startswith("pol_")
    done = records[-1]["result"]
    assert done["status"] == "success"
    issue = next(i for i in stand.linear.issues() if i["title"] == "Say who")
    assert done["resourceId"] == issue["identifier"]


def test_ed25519_alone_is_a_pass(stand):
    message = stand.mail("Elliptic", domain=SECOND)
    answer = stand.send(message, mail_from=f"ann@{SECOND}", helo=f"mx.{SECOND}")
    assert answer.code == 250


# what is wrong: (message, MAIL FROM, HELO, code, reason)
def forged(stand):
    return stand.mail("Forged").replace(b"Subject: Forged", b"Subject: F0rged"), f"ann@{GOOD}"


def unsigned(stand):
    return sender.compose(f"ann@{GOOD}", ADDRESS, "Unsigned"), f"ann@{GOOD}"


def other_signer(stand):
    """SPF and DKIM pass, for a domain that is not the one in From."""
    return stand.domains[STRANGER].sign(
        sender.compose(f"ann@{GOOD}", ADDRESS, "Not mine")), f"ann@{STRANGER}"


def no_policy(stand):
    """SPF and DKIM records there are none; nobody vouches for it."""
    return stand.mail("Naked", domain=NAKED), f"ann@{NAKED}"


def two_from(stand):
    return stand.domains[GOOD].sign(sender.compose(
        f"ann@{GOOD}", ADDRESS, "Two", fields=[("From", f"bob@{STRANGER}")])), f"ann@{GOOD}"


def not_listed(stand):
    return stand.mail("Stranger", domain=STRANGER), f"ann@{STRANGER}"


def naming(stand, record):
    """Lines of the log that say why, be it the stage's or the host's."""
    return [line for line in stand.mailtri.child.lines
            if record["eventId"] in line and record["reason"] in line]


@pytest.mark.parametrize("make,code,enhanced,reason", [
    (forged, 550, "5.7.", "auth.dkim."), (unsigned, 550, "5.7.", "auth.dkim.none"),
    (other_signer, 550, "5.7.", "auth.dmarc.fail"), (no_policy, 550, "5.7.", "auth."),
    (two_from, 550, "5.", "auth.from.invalid"), (not_listed, 550, "5.7.", "allowlist.denied")],
    ids=lambda value: getattr(value, "__name__", None))
def test_refused_in_the_dialogue(stand, make, code, enhanced, reason):
    message, mail_from = make(stand)
    answer = stand.send(message, mail_from=mail_from, helo="mx." + mail_from.partition("@")[2])
    assert answer.code == code
    assert answer.enhanced.startswith(enhanced)
    assert answer.reason.startswith(reason)
    record = stand.newest(answer.reason)
    assert record["result"]["status"] == "refused"
    assert len(wait_until(lambda: naming(stand, record), "a line in the log")) == 1
    subject = email.message_from_bytes(message)["Subject"]
    assert subject not in titles(stand)


def test_spf_refuses_another_address(stand):
    """The zone allows 127.0.0.0/8 for everybody but one name."""
    zone = dict(stand.dns.zone)
    zone["elsewhere.example"] = {"TXT": ["v=spf1 ip4:192.0.2.1 -all"], "A": ["192.0.2.1"]}
    stand.dns.serve(zone)
    answer = stand.send(stand.mail("From elsewhere"), mail_from="ann@elsewhere.example")
    assert (answer.code, answer.reason) == (550, "auth.spf.fail")


def test_dns_that_fails_for_now_is_451(stand):
    zone = dict(stand.dns.zone)
    zone["flaky.example"] = "SERVFAIL"
    stand.dns.serve(zone)
    domain = sender.Domain("flaky.example")
    message = domain.sign(sender.compose("ann@flaky.example", ADDRESS, "Later"))
    answer = stand.send(message, mail_from="ann@flaky.example", helo="mx.flaky.example")
    assert answer.code == 451
    assert answer.enhanced.startswith("4.")


def test_offered_again_when_the_answer_was_lost(stand):
    """RFC 5321 4.5.3.2.6: the client did not see our 250.  Same event, one
    action."""
    message = stand.mail("Lost answer")
    smtp = stand.client().connect()
    first = stand.client().offer(smtp, f"ann@{GOOD}", ADDRESS, message)
    smtp.sock.close()  # not a byte after the 250
    assert first.code == 250
    again = stand.send(message)
    assert (again.code, again.event) == (250, first.event)
    stand.delivered(first.event)
    assert titles(stand).count("Lost answer") == 1


def test_replay_after_the_answer_was_seen(stand):
    message = stand.mail("Once only")
    first = stand.send(message)  # QUIT follows the 250: it was seen
    assert first.code == 250
    stand.delivered(first.event)
    again = stand.send(message)
    assert (again.code, again.enhanced, again.reason) == (550, "5.7.1", "auth.replay")
    assert titles(stand).count("Once only") == 1


def test_unknown_address(stand):
    answer = stand.send(stand.mail("Nobody"), to="task.nothing@mailtri.example")
    assert (answer.code, answer.enhanced) == (550, "5.1.1")
    assert answer.reason == "smtp.rcpt.unknown"


def test_second_recipient_is_for_later(stand):
    smtp = stand.client().connect()
    try:
        assert smtp.mail(f"ann@{GOOD}")[0] == 250
        assert smtp.rcpt(ADDRESS)[0] == 250
        answer = sender.Answer(*smtp.rcpt(ADDRESS))
        assert (answer.code, answer.enhanced) == (452, "4.5.3")
        assert smtp.data(stand.mail("One of two"))[0] == 250
    finally:
        smtp.close()


def test_tls_is_required(stand):
    smtp = stand.client().connect(starttls=False)
    try:
        answer = sender.Answer(*smtp.mail(f"ann@{GOOD}"))
        assert (answer.code, answer.enhanced) == (530, "5.7.0")
        assert smtp.noop()[0] == 250
    finally:
        smtp.close()


def test_a_hashtag_selects_among_the_routes_intents(start):
    route = {f'route "{ADDRESS}"': {"intents": ["create_task", "update_task"],
                                    "deliver": ["linear-dispatch"]}}
    stand = start("intents", **route)
    answer = stand.send(stand.mail("New thing #task"))
    assert answer.code == 250
    assert stand.records(answer.event)[0]["action"]["type"] == "create_task"
    answer = stand.send(stand.mail("Two at once #task #update"))
    assert (answer.code, answer.reason) == (550, "intent.ambiguous")
    assert stand.mailtri.stop() == 0


def test_audit_verifies_at_the_end(stand):
    out = stand.mailtri.ctl_run("audit", "verify")
    assert out.returncode == 0, out.stderr
