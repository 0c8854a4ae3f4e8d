# SPDX-License-Identifier: BSD-2-Clause
"""A DNS server for one signed zone, "signed.example", with a key made here."""
import datetime
import socket
import threading

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ed25519

ZONE = dns.name.from_text("signed.example.")
WEEK = datetime.timedelta(days=7)


class SignedZone:
    """Serves A of ok.signed.example, rightly signed, and of
    forged.signed.example, changed after the signature."""

    def __init__(self):
        self.key = ed25519.Ed25519PrivateKey.generate()
        self.dnskey = dns.dnssec.make_dnskey(self.key.public_key(), "ED25519", flags=257)
        good, forged = self._address("ok", "192.0.2.7"), self._address("forged", "192.0.2.8")
        self.sets = [self._signed(self._rrset(ZONE, self.dnskey)), self._signed(good),
                     (self._address("forged", "192.0.2.9"), self._signed(forged)[1])]
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        threading.Thread(target=self._run, daemon=True).start()

    @staticmethod
    def _rrset(name, rdata):
        return dns.rrset.from_rdata(name, 300, rdata)

    @staticmethod
    def _address(label, address):
        return dns.rrset.from_text(dns.name.from_text(label, ZONE), 300, "IN", "A", address)

    def _signed(self, rrset):
        signature = dns.dnssec.sign(rrset, self.key, ZONE, self.dnskey,
                                    inception=datetime.datetime.now(datetime.timezone.utc) - WEEK,
                                    lifetime=int(2 * WEEK.total_seconds()))
        return rrset, self._rrset(rrset.name, signature)

    @property
    def setting(self):
        return "127.0.0.1@%d" % self.sock.getsockname()[1]

    @property
    def anchor(self):
        return f"{ZONE} IN DNSKEY {self.dnskey}\n"

    def _run(self):
        while True:
            try:
                data, client = self.sock.recvfrom(65535)
            except OSError:
                return
            query = dns.message.from_wire(data)
            question, answer = query.question[0], dns.message.make_response(query)
            answer.flags |= dns.flags.RA
            for rrset, signature in self.sets:
                if (rrset.name, rrset.rdtype) == (question.name, question.rdtype):
                    answer.answer += [rrset, signature]
            if not answer.answer:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self.sock.sendto(answer.to_wire(), client)

    def close(self):
        self.sock.close()
