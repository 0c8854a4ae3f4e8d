# SPDX-License-Identifier: BSD-2-Clause
"""Generated mail, one of each kind of mutation after the other, judged by the
stage and by python3-dkim, libmail-dkim-perl, python3-spf and libopendmarc.
Where two differ a rule must say why, and what the rules foretell must be so.

	MAILTRI_MESSAGES	how many; 100,000 in contrib/check differential
	MAILTRI_SEED		another seed makes other mail; the same, the same
"""
import collections
import multiprocessing
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "conformance")]
for module in ("cryptography", "dkim", "nacl", "spf"):
    pytest.importorskip(module)

import compare  # noqa: E402
import kinds  # noqa: E402
import rules  # noqa: E402
import rules_dmarc  # noqa: E402, F401 (adds its own)
import signer  # noqa: E402
import world  # noqa: E402

BUILD = pathlib.Path(os.environ.get("top_builddir") or ".").resolve()
MESSAGES = int(os.environ.get("MAILTRI_MESSAGES") or 3000)
SEED = os.environ.get("MAILTRI_SEED") or "1"
WHOLE = 100000  # from here on every rule is met
SHARD = 1000
EXAMPLES = 5
SUFFIXES = "/usr/share/publicsuffix/public_suffix_list.dat"
KINDS = kinds.all_kinds()


class Tally:
    """What came of some of the messages."""

    def __init__(self):
        self.met, self.accepted, self.passed, self.explained, self.held, self.points = (
            collections.Counter() for _ in range(6))
        self.unexplained, self.mistaken, self.believed, self.contrary = [], [], [], []

    def add(self, other):
        for name, value in vars(other).items():
            if isinstance(value, list):
                getattr(self, name).extend(value)
            else:
                getattr(self, name).update(value)


def told(p, more=""):
    return f"{p.judge}, {p.case.kind}, number {p.case.number}, {p.at}: ours {p.ours}, " \
           f"theirs {p.theirs} {more}"


def explain(p, tally):
    """Counts a difference to the first rule that applies; a rule that applies
    and does not hold is a mistake of the table, difference or not."""
    there = [r for r in rules.RULES if p.judge in r.judges and r.applies(p)]
    for r in there:
        tally.held[r.name] += 1
        if r.says != (p.ours if r.who == "ours" else p.theirs):
            tally.mistaken.append(told(p, r.name))
    if p.differs and there:
        tally.explained[p.case.kind, p.judge, there[0].name] += 1
    elif p.differs:
        tally.unexplained.append(told(p))


def everywhere(case, ours, points):
    """Whether all five let the mail pass; who does not know a kind of key is
    not asked about it."""
    for judge in {p.judge for p in points}:
        own = [p for p in points if p.judge == judge and p.at != "helo"]
        if judge == "libmail-dkim-perl" and all(s.key == "e" for s in case.signatures):
            continue
        if not any(p.passes for p in own):
            return False
    return ours.accepted


def shard(first):
    cases = []
    for number in range(first, min(first + SHARD, MESSAGES)):
        kind, case = KINDS[number % len(KINDS)], world.legitimate(number, SEED)
        case.kind = kind.name
        kind.apply(case)
        cases.append(case.build())
    ours, points = compare.points(cases, compare.Programs(BUILD))
    tally, of = Tally(), collections.defaultdict(list)
    for p in points:
        explain(p, tally)
        tally.points[p.judge] += 1
        of[p.case.number].append(p)
    for case, said in zip(cases, ours):
        tally.met[case.kind] += 1
        tally.accepted[case.kind] += said.accepted
        tally.passed[case.kind] += everywhere(case, said, of[case.number])
        whole = (said.spf, said.dkim, said.dmarc) == ("pass",) * 3
        if said.accepted and not whole or case.kind == "nothing" and not said.accepted:
            tally.contrary.append(f"{case.kind}, number {case.number}: {said.reason} {said.text}")
    tally.believed = [told(p) for p in compare.false_passes(points)]
    return tally


@pytest.fixture(scope="module", name="tally")
def _tally():
    programs = compare.Programs(BUILD)
    if not programs.stage.exists():
        pytest.skip("the stage auth is not built here")
    if not os.path.exists(SUFFIXES):
        pytest.skip("publicsuffix is not installed")
    if shutil.which("perl") is None or subprocess.run(
            ["perl", "-MMail::DKIM::Verifier", "-e1"], stderr=subprocess.DEVNULL,
            check=False).returncode:
        pytest.skip("libmail-dkim-perl is not installed")
    signer.keys()
    out = Tally()
    with multiprocessing.Pool() as pool:
        for one in pool.imap(shard, range(0, MESSAGES, SHARD)):
            out.add(one)
    return out


def list_of(found):
    return "\n".join([f"{len(found)} in all:", *found[:EXAMPLES]])


def test_every_difference_is_explained(tally):
    assert not tally.unexplained, list_of(tally.unexplained)


def test_no_rule_explains_more_than_it_says(tally):
    assert not tally.mistaken, list_of(tally.mistaken)


def test_nothing_is_believed_that_nobody_else_believes(tally):
    """No rule can explain that."""
    assert not tally.believed, list_of(tally.believed)


def test_what_is_accepted_passed_and_what_nobody_touched_is_accepted(tally):
    assert not tally.contrary, list_of(tally.contrary)


def test_each_kind_was_met(tally):
    assert len(KINDS) == len({k.name for k in KINDS}) >= 40
    assert all(k.says and k.protocol for k in KINDS)
    assert min(tally.met[k.name] for k in KINDS) >= MESSAGES // len(KINDS)
    if MESSAGES >= WHOLE:
        assert min(tally.met[k.name] for k in KINDS) >= 500


def test_a_fifth_passes_everything(tally):
    assert sum(tally.passed.values()) * 5 >= sum(tally.met.values())


def test_each_rule_is_of_use(tally):
    used = {name for _, _, name in tally.explained}
    if MESSAGES >= WHOLE:
        assert used == {r.name for r in rules.RULES}


def test_the_table(tally, capsys):
    """What was found, rule by rule and kind by kind: so many of as many as the
    rule applies to, with or without a difference."""
    by = collections.defaultdict(collections.Counter)
    for (kind, _, name), n in tally.explained.items():
        by[name][kind] += n
    with capsys.disabled():
        print(f"\nMAILTRI_SEED={SEED}: {sum(tally.met.values())} messages of {len(KINDS)} kinds, "
              f"{min(tally.met.values())} or more of each; accepted {sum(tally.accepted.values())}, "
              f"by all five {sum(tally.passed.values())}; compared "
              + ", ".join(f"{n} with {judge}" for judge, n in sorted(tally.points.items())))
        for r in rules.RULES:
            print(f"{sum(by[r.name].values()):7} of {tally.held[r.name]:6} {r.name} ({r.section}): "
                  f"{r.why}; " + ", ".join(f"{k} {n}" for k, n in sorted(by[r.name].items())))
