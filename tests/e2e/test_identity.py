# SPDX-License-Identifier: BSD-2-Clause
"""What becomes of a judgement outside the stage: a list that is believed, the
one line and the one record of a refusal, and options that are refused."""
import re
import sys

import pytest
from conftest import GOOD, SECOND, TOP, zones
from world import ADDRESS, wait_until

sys.path.insert(0, str(TOP / "tests/conformance"))

from arc_messages import Sealer, seal  # noqa: E402
from dkim_messages import RsaKey, message, text64  # noqa: E402

LIST, HOST, SOURCE = "lists.example", "out.lists.example", "127.0.0.2"
KEY = RsaKey(2048)


@pytest.fixture(scope="module", name="trusting")
def _trusting(start, world, domains):
    """One that believes a list, and trusts nobody for its approvals."""
    own = domains[GOOD].zone(spf="v=spf1 ip4:127.0.0.1 -all")
    world.nameserver.serve({**zones(domains), **own,
                            HOST: {"TXT": [f"v=spf1 ip4:{SOURCE} -all"]},
                            f"a._domainkey.{LIST}": {"TXT": ["v=DKIM1; p=" + text64(KEY.public())]}})
    made = start("trusting", stages={"auth": {"group": "checks", "trusted_forwarders": [LIST]}})
    yield made
    assert made.mailtri.stop() == 0


def listed(stand, subject, key=KEY):
    """A mail as the list sends it: with a footer, and sealed."""
    head, body = stand.mail(subject, body="Please.").split(b"\r\n\r\n", 1)
    fields = re.split(r"\r\n(?![ \t])", head.decode())
    header = [tuple(f.split(":", 1)) for f in fields]
    body += b"-- \r\nfrom the list\r\n"
    results = (f"{HOST}; spf=pass smtp.mailfrom={GOOD}; dkim=pass header.d={GOOD}; "
               f"dmarc=pass header.from={GOOD}")
    return message([], header=seal(Sealer(key, LIST, results), header, body), body=body)


def log_lines(stand, word):
    text = (stand.mailtri.folder / "mailtrid.log").read_text(encoding="ascii")
    return [line for line in text.splitlines() if word in line]


def test_a_list_is_believed(trusting):
    answer = trusting.send(listed(trusting, "By the list"), source=SOURCE, helo=HOST)
    assert answer.code == 250, str(answer)
    trusting.delivered(answer.event)
    facts = trusting.mailtri.ctl_one("explain", answer.event)["facts"]
    assert facts["auth.forwarder"] == LIST and facts["auth.dmarc"] == "fail"
    assert LIST in trusting.mailtri.ctl_run("explain", answer.event).stdout
    checks = [c for r in trusting.records(answer.event) for c in r["checks"]]
    assert ("auth", "auth.forwarder") in {(c["stage"], c.get("reason")) for c in checks}, checks
    (line,) = log_lines(trusting, "believed ")
    assert f"forwarder={LIST}" in line


def test_the_same_mail_once(trusting):
    raw = listed(trusting, "Once")
    first = trusting.send(raw, source=SOURCE, helo=HOST)
    assert first.code == 250
    trusting.delivered(first.event)
    wait_until(lambda: trusting.send(raw, source=SOURCE, helo=HOST).code == 550, "a replay refused")


@pytest.mark.parametrize("client", [{"source": "127.0.0.3", "helo": HOST},
                                    {"source": SOURCE, "helo": "mx.other.example"}], ids=str)
def test_another_host_is_not(trusting, client):
    answer = trusting.send(listed(trusting, "By nobody"), **client)
    assert answer.code == 550 and answer.reason == "auth.dmarc.fail", str(answer)


def test_a_stranger_with_the_lists_name_is_not(trusting):
    answer = trusting.send(listed(trusting, "Forged", RsaKey(2048)), source=SOURCE, helo=HOST)
    assert answer.code == 550 and answer.reason == "auth.dmarc.fail", str(answer)


def spoilt(stand, old, new):
    raw = stand.mail("Spoilt", body="Please.")
    assert old in raw
    return raw.replace(old, new, 1)


REFUSED = {
    "altered": lambda s: spoilt(s, b"Please.", b"Now!"),
    "selector": lambda s: spoilt(s, b" s=s1;", b" s=\x1b[31m\";"),
    "domain": lambda s: spoilt(s, b"d=good.example;", b"d=x\"y=z;"),
    "folded": lambda s: spoilt(s, b"d=good.example;", b"d=good.example\r\n\t refused check=;"),
    "two senders": lambda s: spoilt(s, b"From: ", b"From: \"a\\\"b\x1b\" <a@b.example>, "),
    "algorithm": lambda s: spoilt(s, b"a=rsa-sha256", b"a=\x1b[2J\"%s%n"),
    "escape in From": lambda s: spoilt(s, b"From: ", b"From: \x1b[31m"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_one_line_and_one_record_of_a_refusal(trusting, name):
    before = len(trusting.mailtri.records())
    answer = trusting.send(REFUSED[name](trusting), mail_from=f"\"a\\\"b=c\"@{GOOD}")
    assert answer.code == 550, str(answer)
    wait_until(lambda: len(trusting.mailtri.records()) > before, f"its record of {answer}")
    records = trusting.mailtri.records()[before:]
    assert len(records) == 1
    its = f"event={records[0]['eventId']}"
    lines = wait_until(lambda: [line for line in log_lines(trusting, "refused ") if its in line],
                       "its line")
    assert len(lines) == 1
    assert records[0]["reason"] == answer.reason
    assert re.search(r"refused check=\"" + re.escape(answer.reason) + r"\"", lines[0]), lines[0]
    assert all(" " <= c <= "~" for c in lines[0])
    for word in ("spf", "spf.domain", "spf.why", "dkim", "dkim.domain", "dkim.selector", "dkim.why",
                 "dmarc", "dmarc.domain", "dmarc.record", "dmarc.why"):
        assert len(re.findall(rf" {re.escape(word)}=\"[^\"]*\"", lines[0])) == 1, (word, lines[0])
    explained = trusting.mailtri.ctl_one("explain", records[0]["eventId"])
    assert explained["reason"] == answer.reason
    assert {"auth.spf.reason", "auth.dmarc.reason", "auth.dmarc.record"} <= set(explained["facts"])


@pytest.mark.parametrize("word", ["org", "co.uk", "*.lists.example", "192.0.2.1", "a@b.example", "x y"])
@pytest.mark.parametrize("where", ["everywhere", "a route"])
def test_names_of_nobody_are_refused(world, word, where):
    mailtri = world.instance("refusing")
    options = {"trusted_forwarders": [word]}
    if where == "a route":
        options = {f'route "{ADDRESS}"': options}
    stages = world.stage_options(mailtri, [GOOD, SECOND])
    mailtri.configure(world.core_options(), {**stages, "auth": {"group": "checks", **options}})
    status, said = mailtri.check_configuration()
    assert status != 0 and "trusted_forwarders" in said and "auth.conf" in said, said
    mailtri.configure(world.core_options(), stages)
    assert mailtri.check_configuration()[0] == 0


def test_a_forwarder_beside_alignment_of_both_is_refused(world):
    mailtri = world.instance("refusing")
    stages = world.stage_options(mailtri, [GOOD])
    mailtri.configure(world.core_options(), {**stages, "auth": {
        "group": "checks", "alignment": "both", "trusted_forwarders": [LIST]}})
    status, said = mailtri.check_configuration()
    assert status != 0 and "trusted_forwarders" in said, said
