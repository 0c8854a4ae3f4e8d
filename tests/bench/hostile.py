#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What hostile mail costs other mail: rounds with and without one mail in ten
that kills, hangs or fills the worker judging it, in turn, at the same rate of
other mail.  Prints the latency of the others in both and the ratio of their
p99; exit 1 where another mail got a wrong answer, a hostile one another than
its 451, or the ratio is above its limit."""
import argparse
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time

TOP = pathlib.Path(os.environ.get("top_srcdir") or pathlib.Path(__file__).parents[2]).resolve()
BUILD = pathlib.Path(os.environ.get("top_builddir") or TOP).resolve()
sys.path[:0] = [str(TOP / "contrib/lib")]
sys.dont_write_bytecode = True

import sender  # noqa: E402
from instance import Programs  # noqa: E402
from world import ADDRESS, Bare, World, wait_until  # noqa: E402

GOOD = "good.example"
HOSTILE_SHARE = 0.1
FIRST = 3  # of each ten
RATIO_MAX = 2.0
ACTS = ["abort", "segv", "hang", "call ptrace", "exit", "memory", "forge", "trap", "stack",
        "garbage", "close", "call fork", "call socket-inet", "call execve"]


def act_of(n):
    """What the mail of that number does; None: it is one of the others."""
    tenth, place = divmod(n, round(1 / HOSTILE_SHARE))
    return ACTS[tenth % len(ACTS)] if place == FIRST else None


class Round:
    """Mail at a fixed rate over some threads, each a connection a mail."""

    def __init__(self, bench, number, hostile):
        self.bench, self.number, self.hostile = bench, number, hostile
        self.latencies, self.wrong, self.killers, self.spared = [], [], set(), []
        self._lock, self._next, self._pace = threading.Lock(), 0, threading.Event()

    def run(self):
        threads = [threading.Thread(target=self._send) for _ in range(self.bench.options.connections)]
        self._begun = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self

    def _send(self):
        options = self.bench.options
        while True:
            with self._lock:
                n, self._next = self._next, self._next + 1
            if n >= options.mails:
                return
            self._pace.wait(max(0, self._begun + n / options.rate - time.monotonic()))
            self._one(n)

    def _one(self, n):
        act = self.hostile and act_of(n)
        message = self.bench.messages(self.number, n)
        begun = time.monotonic()
        answer = self.bench.client.send(f"ann@{GOOD}", ADDRESS, message)
        took = time.monotonic() - begun
        with self._lock:
            if act and answer.code == 451:
                self.killers.add((n, act))
            elif act:
                self.spared.append(f"{act}: {answer}")
            elif answer.code != 250:
                self.wrong.append(str(answer))
            else:
                self.latencies.append(took)


class Bench:
    def __init__(self, options, world, mailtri, domain):
        self.options, self.domain, self.mailtri = options, domain, mailtri
        self.client = world.client(mailtri)
        self._ready = {}

    def prepare(self, rounds):
        """Signing takes a moment: before the clock runs."""
        for number, hostile in enumerate(rounds):
            for n in range(self.options.mails):
                act = hostile and act_of(n)
                fields = [("X-Test-Do", act)] if act else []
                self._ready[number, n] = self.domain.sign(sender.compose(
                    f"Ann <ann@{GOOD}>", ADDRESS, f"Bench {number} {n}", "x" * 70 + "\n", fields))

    def messages(self, number, n):
        return self._ready.pop((number, n))


def p(values, percent):
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))] * 1000


def report(name, rounds):
    values = [v for r in rounds for v in r.latencies]
    print(f"{name:8} {len(values):5} mails  p50 {p(values, 50):7.2f} ms  p99 {p(values, 99):7.2f} ms"
          f"  killers {sum(len(r.killers) for r in rounds)}"
          f" of {len({act for r in rounds for _, act in r.killers})} kinds")
    return p(values, 99)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=400, help="a round")
    parser.add_argument("--rate", type=float, default=50, help="mails a second")
    parser.add_argument("--rounds", type=int, default=3, help="of each kind")
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument("--workers", type=int, default=4, help="of the hostile stage's group")
    parser.add_argument("--deadline", default="1s", help="of the hostile stage")
    options = parser.parse_args()
    kinds = [False, True] * options.rounds
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mailtri-hostile-"))
    try:
        with World(folder, Programs.built(BUILD, folder / "stages")) as world:
            domain = sender.Domain(GOOD, "rsa")
            world.nameserver.serve(domain.zone())
            world.start_linear()
            mailtri = world.instance()
            mailtri.configure(world.core_options(pipeline=["auth", "allowlist", "t-hostile"]),
                              {**world.stage_options(mailtri, [GOOD]),
                               "t-hostile": {"workers": options.workers,
                                             "deadline": Bare(options.deadline)}})
            mailtri.start()
            bench = Bench(options, world, mailtri, domain)
            bench.prepare(kinds)
            rounds = [Round(bench, number, hostile).run() for number, hostile in enumerate(kinds)]
            wait_until(lambda: mailtri.status()["queue"]["active"] == 0, "the end of all deliveries", 120)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    calm = report("calm", [r for r in rounds if not r.hostile])
    hostile = report("hostile", [r for r in rounds if r.hostile])
    wrong = [w for r in rounds for w in r.wrong]
    spared = [s for r in rounds for s in r.spared]
    kinds = {act for r in rounds for _, act in r.killers}
    print(f"p99 ratio {hostile / calm:.2f} (at most {RATIO_MAX}), wrong answers {len(wrong)} {wrong[:3]},"
          f" hostile mail without its 451 {len(spared)} {spared[:3]}")
    if options.mails * HOSTILE_SHARE >= len(ACTS) and kinds != set(ACTS):
        print(f"never tried: {sorted(set(ACTS) - kinds)}")
        return 1
    return 1 if wrong or spared or hostile > RATIO_MAX * calm else 0


sys.exit(main())
