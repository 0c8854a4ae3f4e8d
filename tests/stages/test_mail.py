# SPDX-License-Identifier: BSD-2-Clause
"""mail_send() of the host: one mail to a relay in TLS, or not a byte of it."""
import errno
import shutil

import pytest
from child import free_port
from postfix import Postfix
from relay import INJECTED, Relay
from world import ADDRESS, Bare, wait_until

OTHER_PIN = "sha256//" + "A" * 43 + "="
# A mail may take longer than a test waits: a worker that stands still is seen.
PATIENT = {"deadline": Bare("120s")}
ROUTE = {f'route "{ADDRESS}"': {"intents": ["create_task"], "deliver": ["t-mail"]}}


def relay_options(world, port, pin, scheme="smtp", **more):
    return {"relay": f"{scheme}://127.0.0.1:{port}", "relay_pin": [pin, OTHER_PIN],
            "relay_ca": world.authority.path, "relay_private": True, **PATIENT, **more}


class Mailer:
    """A running mailtri whose mail goes to a relay."""

    def __init__(self, start, name, options):
        self.stand = start(name, stages={"t-mail": options}, pipeline=["auth", "allowlist"],
                           limits={"retry_min": Bare("1s"), "retry_max": Bare("1s")}, **ROUTE)

    def outcome(self, body="short", rcpt="ann@good.example"):
        """What mail_send() came to: (code, error, sent)."""
        answer = self.stand.send(self.stand.mail(
            "Relay", fields=[("X-Test-Body", body), ("X-Test-Rcpt", rcpt)]))
        assert answer.code == 250

        def look():
            told = [r["reason"] for r in self.stand.records(answer.event)
                    if r["reason"].startswith("t-mail.")]
            return told and tuple(int(n) for n in told[-1].split(".")[1:])
        return wait_until(look, f"an attempt for {answer.event}")


@pytest.fixture(scope="module", name="relay")
def _relay(world):
    with Relay(world.authority) as relay:
        yield relay


@pytest.fixture(scope="module", name="mailer")
def _mailer(start, world, relay):
    made = Mailer(start, "relay", relay_options(world, relay.port, relay.pin))
    yield made
    assert made.stand.mailtri.stop() == 0


def test_mail_goes_out_in_tls(mailer, relay):
    relay.forget()
    assert mailer.outcome() == (250, 0, 1)
    assert relay.clear == [b"EHLO mx.mailtri.example", b"STARTTLS"]
    assert relay.commands[0] == b"EHLO mx.mailtri.example"
    assert relay.commands[1].startswith(b"MAIL FROM:<>")
    assert relay.commands[2:4] == [b"RCPT TO:<ann@good.example>", b"DATA"]
    assert relay.mails == [b"Subject: test\r\nMessage-ID: <t-mail@mailtri.example>\r\n\r\nHello.\r\n"]


def test_dots_arrive_as_they_were(mailer, relay):
    relay.forget()
    assert mailer.outcome("dots") == (250, 0, 1)
    assert relay.mails[0].endswith(b"\r\n\r\n.\r\n..\r\n.x\r\nQUIT\r\n.\r\n")


# mode: code, error, sent
OUTCOMES = {
    "no-starttls": (454, 0, 0), "no-offer": (0, errno.EPROTO, 0),
    "must-login": (530, 0, 0), "unknown": (550, 0, 0), "later": (451, 0, 0), "long": (550, 0, 0),
    "endless": (0, errno.EMSGSIZE, 0), "refuses-data": (554, 0, 1), "defers-data": (452, 0, 1),
    "closes-at-rcpt": (0, errno.ECONNRESET, 0), "closes-at-end": (0, errno.ECONNRESET, 1),
    "silent-quit": (250, 0, 1),
}


@pytest.mark.parametrize("mode", OUTCOMES)
def test_what_a_relay_says_is_told(mailer, relay, mode):
    relay.forget(mode)
    assert mailer.outcome() == OUTCOMES[mode]
    assert len(relay.mails) == (OUTCOMES[mode][2])


@pytest.mark.parametrize("mode", INJECTED)
def test_text_behind_starttls_ends_it(mailer, relay, mode):
    """Whole replies or half ones of a third party: nothing is sent in TLS."""
    relay.forget(mode)
    code, error, sent = mailer.outcome()
    assert (code, sent) == (0, 0) and error != 0
    assert relay.commands == [] and relay.mails == []


@pytest.mark.parametrize("body", ["lf", "cr", "open", "end", "more"])
def test_data_that_is_none_stays_here(mailer, relay, body):
    relay.forget()
    assert mailer.outcome(body) == (0, errno.EINVAL, 0)
    assert relay.clear == []


def test_the_largest_mail(mailer, relay):
    relay.forget()
    assert mailer.outcome("most") == (250, 0, 1)
    assert len(relay.mails[0]) == 1024 * 1024


LOCAL = "a" * (254 - len("@good.example"))


@pytest.mark.parametrize("rcpt,code", [
    (f"{LOCAL}@good.example", 250), (f"{LOCAL}a@good.example", 0), ("a>b@good.example", 0), ("a b@good.example", 0),
    ("nobody", 0)])
def test_addresses(mailer, relay, rcpt, code):
    relay.forget()
    assert mailer.outcome(rcpt=rcpt)[0] == code
    assert bool(relay.clear) == (code != 0)


def test_login_only_in_tls(start, world, relay):
    """What the relay offered before TLS is forgotten: a password goes out
    where it is asked for in TLS, and only there."""
    relay.forget()
    options = relay_options(world, relay.port, relay.pin, user="mailtri")
    name = "login"
    options["password"] = world.instance("secrets").secret("relay.password", "s3cret canary")
    made = Mailer(start, name, options)
    assert made.outcome() == (250, 0, 1)
    assert relay.login() == ("mailtri", "s3cret canary")
    relay.forget("early-auth")
    assert made.outcome() == (250, 0, 1)
    assert not any(line.startswith(b"AUTH") for line in relay.clear + relay.commands)
    relay.forget("bad-login")
    assert made.outcome() == (535, 0, 0)
    assert relay.mails == []
    assert made.stand.mailtri.stop() == 0


@pytest.mark.parametrize("wrong", ["pin", "name", "authority"])
def test_the_wrong_relay_gets_nothing(start, world, relay, wrong):
    relay.forget()
    options = relay_options(world, relay.port, relay.pin)
    if wrong == "pin":
        options["relay_pin"] = [OTHER_PIN, "sha256//" + "B" * 43 + "="]
    elif wrong == "authority":
        del options["relay_ca"]
    else:
        options |= {"relay": "smtp://other.example:587",
                    "relay_connect": f"127.0.0.1:{relay.port}"}
    made = Mailer(start, f"wrong-{wrong}", options)
    assert made.outcome() == (0, errno.EKEYREJECTED, 0)
    assert relay.clear == [b"EHLO mx.mailtri.example", b"STARTTLS"]
    assert relay.commands == [] and relay.mails == []
    assert made.stand.mailtri.stop() == 0


def test_tls_from_the_first_byte(start, world):
    with Relay(world.authority, implicit=True) as relay:
        made = Mailer(start, "smtps", relay_options(world, relay.port, relay.pin, "smtps"))
        assert made.outcome() == (250, 0, 1)
        assert relay.clear == [] and len(relay.mails) == 1
        rows = made.stand.mailtri.ctl("conf", "--connections")
        assert [r["protocol"] for r in rows if r["port"] == relay.port] == ["smtps"]
        assert made.stand.mailtri.stop() == 0


def test_without_tls_on_loopback_alone(start, world):
    with Relay(world.authority, plain=True) as relay:
        options = {"relay": f"smtp+plain://127.0.0.1:{relay.port}", "relay_pin": ["none"],
                   "relay_private": True}
        made = Mailer(start, "plain", options)
        assert made.outcome() == (250, 0, 1)
        assert len(relay.mails) == 1
        assert made.stand.mailtri.stop() == 0


def maildir(postfix):
    return list((postfix.folder / "mail").glob("box/new/*"))


def test_a_real_postfix(start, world):
    port = free_port()
    certificate, key, pin = world.authority.issue("relay.example", "127.0.0.1")
    postfix = Postfix(
        ["myhostname = relay.example", "virtual_mailbox_domains = good.example",
         "virtual_transport = virtual", "virtual_mailbox_maps = static:box/",
         "virtual_uid_maps = static:65534", "virtual_gid_maps = static:65534",
         "smtpd_tls_security_level = encrypt", "smtpd_relay_restrictions = reject_unauth_destination",
         "smtpd_tls_session_cache_database ="],
        services=[f"127.0.0.1:{port} inet n - n - - smtpd", "virtual unix - n n - - virtual"])
    for source, name in ((certificate, "cert.pem"), (key, "key.pem")):
        shutil.copy(source, postfix.folder / name)
    (postfix.folder / "mail").mkdir()
    (postfix.folder / "mail").chmod(0o777)
    with (postfix.config / "main.cf").open("a") as out:
        out.write(f"smtpd_tls_cert_file = {postfix.folder}/cert.pem\n"
                  f"smtpd_tls_key_file = {postfix.folder}/key.pem\n"
                  f"virtual_mailbox_base = {postfix.folder}/mail\n")
    with postfix:
        made = Mailer(start, "postfix", relay_options(world, port, pin))
        assert made.outcome("dots") == (250, 0, 1)
        wait_until(lambda: maildir(postfix), "the mail in its box")
        assert maildir(postfix)[0].read_bytes().endswith(b"\n\n.\n..\n.x\nQUIT\n.\n")
        assert made.outcome(rcpt="ann@elsewhere.example")[0] == 554
        assert made.stand.mailtri.stop() == 0


def said_of(world, name, stage, options):
    """What mailtrid -n says of a stage's options."""
    mailtri = world.instance(name)
    stages = {**world.stage_options(mailtri, []), stage: options}
    goes = {"answer": True} if stage == "answer" else {"deliver": [stage]}
    route = {f'route "{ADDRESS}"': {"intents": ["create_task"], **goes}}
    mailtri.configure(world.core_options(**route), stages)
    return mailtri.check_configuration()


PLAIN = {"relay": "smtp+plain://127.0.0.1", "relay_pin": ["none"]}


@pytest.mark.parametrize("changes,said", [
    ({}, None), ({"relay_pin": [OTHER_PIN, OTHER_PIN.replace("A", "B")]}, "relay_pin: smtp+plain"),
    ({"relay_connect": "127.0.0.1:2525"}, "relay_connect: smtp+plain"),
    ({"relay": "smtp+plain://localhost"}, "numeric loopback"),
    ({"relay": "smtp+plain://192.0.2.1"}, "numeric loopback"),
    ({"relay": "https://relay.example"}, "one of smtp|smtps|smtp+plain")])
def test_what_a_relay_may_be(world, changes, said):
    code, out = said_of(world, "targets", "t-mail", PLAIN | changes)
    assert (code == 0) == (said is None), out
    assert said is None or said in out


def answers(world, templates):
    folder = world.folder / "answers"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    for name, text in templates.items():
        (folder / name).write_text(text)
    return {**PLAIN, "relay_private": True, "from": "mailtri@mailtri.example", "template_dir": folder}


def test_templates_are_checked_with_the_configuration(world):
    options = answers(world, {"done.txt": "fine {{event}}\n", "held.html": "one\n<p>{{oops}}\n"})
    code, out = said_of(world, "templates", "answer", options)
    assert code != 0 and f"{options['template_dir']}/held.html:2: \"oops\"" in out
