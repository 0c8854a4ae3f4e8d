# SPDX-License-Identifier: BSD-2-Clause
"""A relay between resolver and DNS server: counts what passes, and holds
questions back until the test lets them go."""
import socket
import threading

import dns.message
import dns.rdatatype

ANSWER_S = 5


class Relay:
    """Forwards datagrams to `server' (address, port)."""

    def __init__(self, server):
        self.server = server
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.questions, self._news = [], threading.Condition()
        self._open = threading.Event()
        self._open.set()
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def setting(self):
        return "127.0.0.1@%d" % self.sock.getsockname()[1]

    def _run(self):
        while True:
            try:
                data, client = self.sock.recvfrom(65535)
            except OSError:
                return
            question = dns.message.from_wire(data).question[0]
            with self._news:
                self.questions.append((question.name.to_text(omit_final_dot=True).lower(),
                                       dns.rdatatype.to_text(question.rdtype)))
                self._news.notify_all()
            threading.Thread(target=self._pass, args=(data, client), daemon=True).start()

    def _pass(self, data, client):
        self._open.wait()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.settimeout(ANSWER_S)
            out.sendto(data, self.server)
            try:
                self.sock.sendto(out.recv(65535), client)
            except OSError:
                pass  # a name that is never answered, or the end

    def hold(self):
        self._open.clear()

    def release(self):
        self._open.set()

    def wait(self, count):
        """Until so many questions came."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.questions) >= count, ANSWER_S)

    def count(self, name):
        return sum(asked == name for asked, _ in self.questions)

    def close(self):
        self.release()
        self.sock.close()
