# SPDX-License-Identifier: BSD-2-Clause
"""A DNS server that is far away: what it is asked goes to another one after a
while, and the answers come back at once."""
import asyncio
import threading


class _Upstream(asyncio.DatagramProtocol):
    """One question on its way: a socket of its own, so that ids cannot meet."""

    def __init__(self, question, answered):
        self.question, self.answered, self.transport = question, answered, None

    def connection_made(self, transport):
        self.transport = transport
        transport.sendto(self.question)

    def datagram_received(self, data, _):
        self.answered(data)
        self.transport.close()


class _Front(asyncio.DatagramProtocol):
    def __init__(self, slow):
        self.slow, self.transport = slow, None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, client):
        self.slow.asked += 1
        loop = asyncio.get_running_loop()
        loop.call_later(self.slow.delay_s, lambda: loop.create_task(self.pass_on(data, client)))

    async def pass_on(self, data, client):
        await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Upstream(data, lambda answer: self.transport.sendto(answer, client)),
            remote_addr=self.slow.upstream)


class Slow:
    """Listens until close(); upstream is (address, port)."""

    def __init__(self, address, upstream, delay_ms):
        self.upstream, self.delay_s, self.asked = upstream, delay_ms / 1000, 0
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(
            self.loop.create_datagram_endpoint(lambda: _Front(self), local_addr=address))
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
