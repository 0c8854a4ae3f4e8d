# SPDX-License-Identifier: BSD-2-Clause
"""Another reader of the directory keys/, by what store/shard.h, store/root.h
and store/keyfile.h say of it: with the root key it takes every key out."""
import pathlib
import sqlite3
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SLOTS, HEADER, SLOT, WRAPPED, ENTRY = 4096, 4096, 64, 60, 80


def root_id(root):
    return HKDF(hashes.SHA256(), 16, None, b"mailtri/root/id/v1").derive(root)


def unwrap(by, place, wrapped):
    return AESGCM(by).decrypt(wrapped[:12], wrapped[12:], place)


class Vault:
    def __init__(self, folder, roots=None):
        self.folder = pathlib.Path(folder)
        if roots is None:
            roots = [bytes.fromhex((self.folder / "root").read_text().strip())]
        self.roots = {root_id(root): root for root in roots}

    def table(self, place, table):
        """The key a table of wrapped keys holds; None: under other roots."""
        for i in range(struct.unpack_from("<I", table)[0]):
            entry = table[4 + i * ENTRY:][:ENTRY]
            root = self.roots.get(entry[:16])
            if root is not None:
                return unwrap(root, place + entry[:20], entry[20:])
        return None

    def file(self, purpose):
        text = (self.folder / purpose).read_bytes()
        assert text[:8] == b"mtwrap2\n"
        head = 16 + struct.unpack_from("<I", text, 12)[0]
        return self.table(text[:head] + purpose.encode(), text[head:])

    def shards(self):
        """(number, epoch, key, the file's bytes) of each."""
        for path in sorted(self.folder.glob("shard-????????????")):
            data = path.read_bytes()
            number, epoch = struct.unpack_from("<QI", data, 8)
            assert data[:8] == b"mtshard2" and number == int(path.name[6:], 16)
            yield number, epoch, self.table(data[:20], data[20:HEADER]), data

    def slots(self):
        """(slot, generation, key) of those that are not erased."""
        for number, epoch, key, data in self.shards():
            for i in range(SLOTS):
                record = data[HEADER + i * SLOT:][:SLOT]
                generation = struct.unpack_from("<I", record)[0]
                if not any(record[4:]):
                    continue
                place = b"mailtri/slot/v1" + struct.pack(
                    "<QII", number * SLOTS + i, epoch, generation)
                try:
                    yield number * SLOTS + i, generation, unwrap(key, place, record[4:])
                except InvalidTag:
                    continue    # a write under way

    def all_keys(self):
        return ({self.file("installation"), self.file("audit")} |
                {key for _, _, key, _ in self.shards()} | {key for _, _, key in self.slots()})

    def find(self, key):
        return next((slot for slot, _, k in self.slots() if k == key), None)

    def slot_of(self, state, event):
        """The key of a message, by the slot its records name: of a copy of the
        database, for the daemon holds the original."""
        copy = {}
        for name in ("queue.db", "queue.db-wal"):
            path = pathlib.Path(state) / name
            copy[name] = path.read_bytes() if path.exists() else b""
        folder = self.folder.parent.parent / "looked-at"
        folder.mkdir(exist_ok=True)
        for name, data in copy.items():
            (folder / name).write_bytes(data)
        with sqlite3.connect(folder / "queue.db") as db:
            row = db.execute("SELECT slot FROM key_slot WHERE event = ?", (event,)).fetchone()
        for name in [*copy, "queue.db-shm"]:
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()
        return next((key for slot, _, key in self.slots() if row and slot == row[0]), None)
