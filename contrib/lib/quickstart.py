#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The demonstration of contrib/quickstart: real DNS, real TLS, real mail, and
what became of each.  Nothing is left behind unless --keep says so."""
import argparse
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import textwrap

import sender
from child import Failed
from instance import Programs
from world import ADDRESS, World, wait_until

GOOD, STRANGER = "good.example", "stranger.example"
ALLOWED = [GOOD]
REFUSAL_S = 20
WIDTH = 96
LATER = ("eventId", "seq", "reason", "dispatch", "result")  # of a mail's later records


def without_empty(value):
    """A record as a person reads it: what is not known left out, and the list
    of checks, which `mailtrictl explain' shows better."""
    if not isinstance(value, dict):
        return value
    inner = {name: without_empty(v) for name, v in value.items() if name != "checks"}
    return {name: v for name, v in inner.items() if v not in ("", None, {}, [])}


class Page:
    """What a person sees: aligned, in colour on a terminal; or nothing."""

    def __init__(self, silent):
        self.silent = silent
        self.colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def say(self, text=""):
        if not self.silent:
            print(text, flush=True)

    def title(self, text):
        self.say()
        self.say(self.paint("1", text))

    def row(self, name, value, code=None):
        self.say(f"  {name:<9} {self.paint(code, value) if code else value}")

    def mail(self, mail):
        self.title(mail["name"])
        self.row("SMTP", mail["smtp"], "32" if mail["smtp"].startswith("250") else "31")
        if mail["reason"]:
            self.row("reason", mail["reason"])
        if mail["resource_id"]:
            self.row("issue", mail["resource_id"], "32")
        self.record(mail["records"][0])
        for record in mail["records"][1:]:
            self.record({name: record.get(name) for name in LATER})

    def record(self, record):
        text = json.dumps(without_empty(record), ensure_ascii=False)
        lines = textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
        for number, line in enumerate(lines):
            self.row("" if number else "audit", self.paint("2", line))


class Show:
    """One mailtri with its world, and the mails that are offered to it."""

    def __init__(self, world, page):
        self.world, self.page, self.mails = world, page, []
        self.good, self.stranger = sender.Domain(GOOD), sender.Domain(STRANGER)
        self.mailtri = world.instance()

    def start(self):
        self.world.nameserver.serve({**self.good.zone(), **self.stranger.zone()})
        self.world.start_linear()
        self.mailtri.configure(self.world.core_options(),
                               self.world.stage_options(self.mailtri, ALLOWED))
        self.mailtri.start()
        self.page.row("DNS", self.world.nameserver.setting)
        self.page.row("Linear", self.world.linear.url)
        self.page.row("mailtri", f"127.0.0.1:{self.mailtri.port}, STARTTLS")

    def delivered(self, event):
        def look():
            item = self.mailtri.ctl_one("queue", "show", event)
            return item if item["state"] in ("done", "dead") else None
        return wait_until(look, f"the delivery of {event}")

    def offer(self, name, message, mail_from, recipient=ADDRESS):
        """Sends one mail and gathers what came of it."""
        seen = self.mailtri.status()["audit"]["records"]
        helo = "mx." + mail_from.partition("@")[2]
        answer = self.world.client(self.mailtri, helo=helo).send(mail_from, recipient, message)
        resource, known = None, {m["event"] for m in self.mails}
        if answer.code == 250 and answer.event not in known:
            item = self.delivered(answer.event)
            resource = next((t["resource_id"] for t in item["targets"] if t["resource_id"]), None)
        records = wait_until(lambda: self.mailtri.records(seen), "an audit record", REFUSAL_S)
        mail = {"name": name, "smtp": str(answer), "reason": answer.reason or records[0]["reason"],
                "event": answer.event if answer.code == 250 else records[0]["eventId"], "resource_id": resource,
                "records": records}
        self.mails.append(mail)
        self.page.mail(mail)

    def offer_all(self):
        ann, eve = f"ann@{GOOD}", f"eve@{STRANGER}"
        mail = self.good.sign(sender.compose(f"Ann <{ann}>", ADDRESS, "Order more paper",
                                             "Two boxes, please."))
        self.offer("A signed mail to " + ADDRESS, mail, ann)
        self.offer("The same mail again", mail, ann)
        self.offer("A forged one: changed after it was signed",
                   self.good.sign(sender.compose(f"Ann <{ann}>", ADDRESS, "Pay 10 euros")).replace(
                       b"Pay 10 euros", b"Pay 99 euros"), ann)
        self.offer("A signed one from somebody who is not on the allowlist",
                   self.stranger.sign(sender.compose(f"Eve <{eve}>", ADDRESS, "Let me in")), eve)
        nobody = ADDRESS.replace("task.", "nobody.")
        self.offer("A signed one to an unknown address",
                   self.good.sign(sender.compose(f"Ann <{ann}>", nobody, "Anybody there?")),
                   ann, nobody)

    def exported(self, path):
        """Whether the export has every record; a checkpoint is signed each second."""
        self.mailtri.export_audit(path)
        leaves = sum('"action"' in line for line in path.read_text().splitlines())
        return leaves == self.mailtri.status()["audit"]["records"]

    def verify(self):
        """The audit log as it is, and a copy of it with one byte flipped."""
        copy = self.world.folder / "audit.jsonl"
        wait_until(lambda: self.exported(copy), "a checkpoint over all records")
        intact = self.mailtri.verify_audit(copy)
        data = bytearray(copy.read_bytes())
        data[len(data) // 3] ^= 1
        copy.write_bytes(data)
        flipped = self.mailtri.verify_audit(copy)
        said = {"verified": intact.returncode == 0, "said": (intact.stdout + intact.stderr).strip(),
                "flipped_byte_found": flipped.returncode == 1,
                "flipped_said": (flipped.stdout + flipped.stderr).strip()}
        self.page.title("The audit log")
        self.page.row("verified", said["said"], "32" if said["verified"] else "31")
        self.page.row("one byte", "flipped in a copy: " + said["flipped_said"],
                      "32" if said["flipped_byte_found"] else "31")
        return said

    def how_to_send(self):
        keep = self.world.folder
        (keep / "domain.key").write_bytes(sender.certs.private_pem(self.good.key))
        (keep / "domain.key").chmod(0o600)
        lib = pathlib.Path(__file__).resolve().parent
        script = keep / "send"
        script.write_text(f"#!/bin/sh\nexec /usr/bin/python3 {lib}/send.py --key {keep}/domain.key "
                          f"--domain {GOOD} --to {ADDRESS} --port {self.mailtri.port} "
                          f"--authority {self.world.authority.path} \"$@\"\n")
        script.chmod(0o755)
        self.page.title("It is left running")
        self.page.row("send", f"{script} 'Subject of the issue' 'and its text'")
        self.page.row("look", f"{self.mailtri.programs.mailtrictl} -c {self.mailtri.conf} status")
        self.page.row("stop", f"kill {os.getpid()}")


def outcome(show, audit):
    """Whether everything came out as the demonstration says it does."""
    codes = [mail["smtp"][:3] for mail in show.mails]
    issues = len(show.world.linear.issues())
    return {"ok": codes == ["250", "550", "550", "550", "550"] and issues == 1
            and bool(show.mails[0]["resource_id"])
            and audit["verified"] and audit["flipped_byte_found"],
            "mails": show.mails, "issues": issues, "audit": audit}


def demonstrate(options, folder, release):
    """The exit status.  release() lets go of the terminal, with --keep."""
    page = Page(options.json)
    with World(folder, Programs.installed(options.prefix).within_reach(folder)) as world:
        show = Show(world, page)
        page.title("mailtri on loopback")
        show.start()
        show.offer_all()
        result = outcome(show, show.verify())
        result["seconds"] = round(os.times().elapsed - options.started, 1)
        if options.keep:
            show.how_to_send()
            result["keep"] = {"folder": str(folder), "pid": os.getpid(), "port": show.mailtri.port}
        if options.json:
            print(json.dumps(result, ensure_ascii=False), flush=True)
        else:
            page.say()
            page.say(page.paint("32", "All as it should be.") if result["ok"]
                     else page.paint("31", "Something is not as it should be."))
        if options.keep and result["ok"]:
            release()
            signal.sigwait({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
        return 0 if result["ok"] else 1


def run(options, release):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mailtri-demo-"))
    try:
        return demonstrate(options, folder, release)
    except Failed as failure:
        print(f"quickstart: {failure}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_kept(options):
    """As run(), in a process that stays when this one has gone."""
    reader, writer = os.pipe()
    if os.fork() != 0:
        os.close(writer)
        try:
            status = os.read(reader, 1)
        except KeyboardInterrupt:  # the other one has had it too
            status = os.read(reader, 1)
        return status[0] if status else 130

    def release():
        os.setsid()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        os.write(writer, b"\0")
    os.close(reader)
    status = run(options, release)
    try:
        os.write(writer, bytes([status]))
    except BrokenPipeError:
        pass
    os._exit(status)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.started = os.times().elapsed
    for number in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C: clean up
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        return run_kept(options) if options.keep else run(options, None)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
