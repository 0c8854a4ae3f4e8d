#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A second verifier of mailtri's audit log, written from mailtri-audit(5) and
the C2SP and RFC texts it names, and from nothing else: exports, folders of
tiles, proofs, checkpoints that extend each other.

    second.py KEY export FILE | tiles DIR | proof FILE | extends OLD_CHECKPOINT DIR
"""
import base64
import binascii
import dataclasses
import hashlib
import json
import pathlib
import re
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WIDTH = 256


class Wrong(Exception):
    """It is not what was signed, or not in the form it must have."""


def must(condition, sentence):
    if not condition:
        raise Wrong(sentence)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text):
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Wrong("not base64") from error
    must(base64.b64encode(raw).decode() == text, "base64 of another form")
    return raw


# The tree, by its definition and with the shortcuts of a growing one.

def leaf_hash(record):
    return sha256(b"\0", record)


def node_hash(left, right):
    return sha256(b"\1", left, right)


def tree_hash(hashes):
    """MTH over leaf hashes."""
    if not hashes:
        return sha256()
    row = list(hashes)
    while len(row) > 1:
        paired = [node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
        row = paired + ([row[-1]] if len(row) % 2 else [])
    return row[0]


def path_root(hash_, index, size, path):
    """RFC 9162 section 2.1.3.2."""
    must(index < size, "no such record in the log")
    fn, sn = index, size - 1
    for step in path:
        must(sn != 0, "the path is too long")
        if fn % 2 == 1 or fn == sn:
            hash_ = node_hash(step, hash_)
            while fn % 2 == 0 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            hash_ = node_hash(hash_, step)
        fn, sn = fn >> 1, sn >> 1
    must(sn == 0, "the path is too short")
    return hash_


@dataclasses.dataclass
class Checkpoint:
    origin: str
    size: int
    root: bytes
    time: int


class Key:
    """NAME+HHHHHHHH+BASE64"""

    def __init__(self, text):
        match = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+(.+)", text.strip())
        must(match, "not a verifier key")
        self.name, typed = match.group(1), unbase64(match.group(3))
        must(len(typed) == 33 and typed[0] == 1, "not an Ed25519 key")
        self.raw = typed[1:]
        self.public = Ed25519PublicKey.from_public_bytes(self.raw)
        must(self.key_id(1).hex() == match.group(2), "the key's id is not its own")

    def key_id(self, kind):
        return sha256(self.name.encode(), b"\n", bytes([kind]), self.raw)[:4]

    def check(self, signature, text):
        try:
            self.public.verify(signature, text)
        except InvalidSignature as error:
            raise Wrong("a signature is wrong") from error

    def checkpoint(self, note):
        """The checkpoint of a note, both signatures verified."""
        must(len(note) <= 131072, "too long a note")
        try:
            text = note.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Wrong("not UTF-8") from error
        must(not re.search(r"[\x00-\x09\x0b-\x1f]", text), "a control character")
        must("\n\n" in text and text.endswith("\n"), "not a note")
        head, lines = text.rsplit("\n\n", 1)
        body = (head + "\n").encode()
        signed = {}
        for line in lines.split("\n")[:-1]:
            match = re.fullmatch("\u2014 ([^ ]+) ([^ ]+)", line)
            must(match and len(match.group(2)) <= 8192, "not a signature line")
            if match.group(1) != self.name:
                continue
            try:
                raw = unbase64(match.group(2))
            except Wrong:
                continue
            for kind in (1, 4):
                if raw[:4] == self.key_id(kind):
                    signed.setdefault(kind, raw[4:])
        must(lines and 1 in signed and len(signed[1]) == 64, "not signed by this key")
        must(4 in signed and len(signed[4]) == 72, "no time is signed")
        self.check(signed[1], body)
        time = int.from_bytes(signed[4][:8], "big")
        self.check(signed[4][8:], b"cosignature/v1\ntime %d\n" % time + body)
        return self.parse(head, time)

    def parse(self, head, time):
        parts = head.split("\n")
        must(len(parts) == 3, "not three lines")
        origin, size, root = parts
        must(re.fullmatch(re.escape(self.name) + r"(/[1-9][0-9]*)?", origin), "another log")
        must(re.fullmatch(r"0|[1-9][0-9]*", size), "not a size")
        raw = unbase64(root)
        must(len(raw) == 32, "not a root")
        return Checkpoint(origin, int(size), raw, time)


def check_number(record, number):
    must(record.startswith(b'{"action":') and len(record) <= 65535, "not a record")
    must(b',"seq":%d,"timestamp":"' % number in record, f"this is not record {number}")


def check_opening(line, record, number):
    match = re.fullmatch(rb'\{"open":\{"fields":(\{[^{}]*\}),"seq":([0-9]+)\}\}', line)
    must(match and int(match.group(2)) == number, "the opening is of another record")
    try:
        fields = json.loads(match.group(1), object_pairs_hook=list)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Wrong("not an opening") from error
    rebuilt = ",".join(f'"{name}":["{salt}","{value}"]' for name, (salt, value) in fields)
    must(("{" + rebuilt + "}").encode() == match.group(1), "an opening of another form")
    for name, (salt, value) in fields:
        must(re.fullmatch("[0-9a-f]{32}", salt), "not a salt")
        hash_ = sha256(b"mailtri/field/v1", name.encode(), bytes.fromhex(salt), unbase64(value))
        must(f'"sha256:{hash_.hex()}"'.encode() in record, f"{name} is not what was recorded")


def verify_export(key, data, seen=None):
    must(data.endswith(b"\n"), "cut")
    lines = data[:-1].split(b"\n")
    match = re.fullmatch(rb'\{"checkpoint":"([^"]*)"\}', lines[-1])
    must(match, "no checkpoint at the end")
    must(b"\\" not in match.group(1).replace(b"\\n", b""), "another escape")
    checkpoint = key.checkpoint(match.group(1).replace(b"\\n", b"\n"))
    hashes, last, may_open = [], b"", False
    for line in lines[:-1]:
        if line.startswith(b'{"open":'):
            must(may_open, "an opening without its record")
            check_opening(line, last, len(hashes) - 1)
            may_open = False
            continue
        check_number(line, len(hashes))
        hashes.append(leaf_hash(line))
        last, may_open = line, True
    return judge(hashes, checkpoint, seen)


def judge(hashes, checkpoint, seen):
    must(len(hashes) == checkpoint.size, "another number of records than was signed")
    must(tree_hash(hashes) == checkpoint.root, "the records do not lead to the signed root")
    if seen is not None:
        must(seen.size <= len(hashes) and tree_hash(hashes[:seen.size]) == seen.root,
             "it does not extend the checkpoint seen before")
    return checkpoint


class Folder:
    """Tiles in a folder."""

    def __init__(self, path, size):
        self.path, self.size = pathlib.Path(path), size

    def name(self, level, number):
        digits = str(number)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[i:i + 3] for i in range(0, len(digits), 3)]
        return "/".join(["tile", str(level), *("x" + g for g in groups[:-1]), groups[-1]])

    def read(self, level, number, width):
        name = self.name(level, number)
        for path in ([self.path / f"{name}.p" / str(width)] if width < WIDTH else []) + [self.path / name]:
            if path.is_file():
                return path.read_bytes(), path.name == str(width) and width < WIDTH
        raise Wrong(f"{name} is missing")

    def tiles(self, level):
        count = self.size if level == "entries" else self.size // WIDTH ** level
        for number in range(-(-count // WIDTH)):
            yield number, min(WIDTH, count - number * WIDTH)

    def records(self):
        for number, width in self.tiles("entries"):
            data, exact = self.read("entries", number, width)
            for _ in range(width):
                must(len(data) >= 2, "a bundle is cut")
                length = int.from_bytes(data[:2], "big")
                must(len(data) >= 2 + length, "a bundle is cut")
                yield data[2:2 + length]
                data = data[2 + length:]
            must(not data or not (exact or width == WIDTH), "more in a bundle than its records")

    def hashes(self, level):
        found = []
        for number, width in self.tiles(level):
            data, exact = self.read(level, number, width)
            must(len(data) == 32 * (width if exact else WIDTH), "a tile of another length")
            found += [data[i:i + 32] for i in range(0, 32 * width, 32)]
        return found


def verify_tiles(key, path, seen=None):
    try:
        checkpoint = key.checkpoint((pathlib.Path(path) / "checkpoint").read_bytes())
    except OSError as error:
        raise Wrong("no checkpoint") from error
    folder = Folder(path, checkpoint.size)
    expected = []
    for number, record in enumerate(folder.records()):
        check_number(record, number)
        expected.append(leaf_hash(record))
    judge(expected, checkpoint, seen)
    for level in range(8):
        must(folder.hashes(level) == expected, f"a tile of level {level} is wrong")
        expected = [tree_hash(expected[i:i + WIDTH])
                    for i in range(0, len(expected) // WIDTH * WIDTH, WIDTH)]
    return checkpoint


def verify_proof(key, data):
    must(len(data) <= 262144, "too long a proof")
    must(b"\n\n" in data, "not a proof")
    front, note = data.split(b"\n\n", 1)
    try:
        lines = front.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise Wrong("not a proof") from error
    must(len(lines) >= 3 and lines[0] == "c2sp.org/tlog-proof@v1", "not a proof")
    must(lines[1].startswith("extra "), "no record in it")
    match = re.fullmatch(r"index (0|[1-9][0-9]*)", lines[2])
    must(match, "no index")
    path = [unbase64(line) for line in lines[3:]]
    must(len(path) <= 64 and all(len(step) == 32 for step in path), "not a hash")
    record, checkpoint = unbase64(lines[1][6:]), key.checkpoint(note)
    root = path_root(leaf_hash(record), int(match.group(1)), checkpoint.size, path)
    must(root == checkpoint.root, "the record is not in the log")
    return checkpoint


def main(arguments):
    try:
        key_text, what, *operands = arguments
        if pathlib.Path(key_text).is_file():
            key_text = pathlib.Path(key_text).read_text()
        key = Key(key_text)
        if what == "export":
            checkpoint = verify_export(key, pathlib.Path(operands[0]).read_bytes())
        elif what == "tiles":
            checkpoint = verify_tiles(key, operands[0])
        elif what == "proof":
            checkpoint = verify_proof(key, pathlib.Path(operands[0]).read_bytes())
        else:
            checkpoint = verify_tiles(key, operands[1], key.checkpoint(pathlib.Path(operands[0]).read_bytes()))
    except Wrong as wrong:
        print(f"wrong: {wrong}")
        return 1
    print(f"right: {checkpoint.size} records")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
