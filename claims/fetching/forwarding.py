"""A proxy on this machine, for one browser and a short time, that connects by our rules alone.

A browser opens sockets of its own for every script and picture that a page names. Told to use this
proxy and nothing else, it opens them here: each host is looked up once, checked and pinned by the
rooms that every request of ours goes through, and all it receives and sends is counted.
"""

from __future__ import annotations

import selectors
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import cast

import h11

from claims.fetching.guard import Guard
from claims.fetching.lines import Line, connect
from claims.fetching.names import addresses_of
from claims.fetching.refusals import Deadline, NotFetched, Refused, Unreachable
from claims.fetching.targets import Target, check_address

_AT_ONCE = 64  # connections of the browser
_HEADERS = 64_000
_TOLD = 50  # refusals that are remembered
# What is between two neighbours only (RFC 9110, 7.6.1), or nothing of a server's.
_OF_THE_HOP = {
    b"connection", b"proxy-connection", b"proxy-authorization", b"keep-alive", b"te", b"trailer",
    b"upgrade", b"expect", b"host",
}  # fmt: skip
_Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one use of the proxy may take, all connections together; sizes in bytes."""

    seconds: float = 60
    received: int = 50_000_000
    sent: int = 2_000_000
    connections: int = 500


class Forwarding:
    """What goes through one proxy while it is open."""

    def __init__(self, guard: Guard, allowance: Allowance) -> None:
        self.guard = guard
        self.allowance = allowance
        self.deadline = Deadline(allowance.seconds)
        self.received = self.sent = self.connections = 0
        self.refusals: dict[str, str] = {}  # host → why nothing came from there
        self.reached: list[tuple[str, str]] = []  # host and the address that was connected to
        self.is_over = False
        self._lock = threading.Lock()
        self._lines: set[Line] = set()
        self._free = threading.BoundedSemaphore(_AT_ONCE)
        forwarding = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                forwarding._serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = _AT_ONCE

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]

    @contextmanager
    def open(self) -> Iterator[Forwarding]:
        """Serve until the end of the block; then every connection is cut."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._end()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            lines = list(self._lines)
        for line in lines:
            line.cut()

    @contextmanager
    def _counted(self, line: Line) -> Iterator[Line]:
        """Keep `line` for as long as it is used, so that it can be cut from outside."""
        with self._lock:
            is_over = self.is_over
            self._lines.add(line)
        try:
            if is_over:
                raise Unreachable("The proxy is closed.")
            yield line
        finally:
            with self._lock:
                self._lines.discard(line)
            line.close()

    def _count(self, *, received: int = 0, sent: int = 0) -> None:
        with self._lock:
            self.received += received
            self.sent += sent
            too_much = (
                self.received > self.allowance.received or self.sent > self.allowance.sent
            )  # fmt: skip
        if too_much:
            self._end()
            raise Refused("The page loads or sends more than is taken.")

    def _serve(self, connected: socket.socket) -> None:
        with self._lock:
            self.connections += 1
            too_many = self.connections > self.allowance.connections
        if too_many or not self._free.acquire(blocking=False):
            return
        try:
            with self._counted(Line(connected, ip_address("127.0.0.1"), self.deadline)) as client:
                _Client(self, client).serve()
        except (NotFetched, h11.ProtocolError):
            return  # nobody is left to be told; what was refused is noted
        finally:
            self._free.release()

    @contextmanager
    def reach(self, address: str) -> Iterator[tuple[Target, Line]]:
        """A line to whoever `address` names, if the guard lets it be.

        :raises NotFetched: if it does not, or nobody is there; which is noted.
        """
        try:
            target = check_address(address, guard=self.guard)
            found = [target.address] if target.address else None
            addresses = found or addresses_of(target.host, self.guard, self.deadline)
            line = connect(addresses, target.port, self.guard, self.deadline)
        except NotFetched as error:
            self._note(address, str(error))
            raise
        with self._counted(line):
            with self._lock:
                self.reached.append((target.host, str(line.address)))
            yield target, line

    def _note(self, address: str, why: str) -> None:
        with self._lock:
            if len(self.refusals) < _TOLD:
                self.refusals.setdefault(address.partition("#")[0][:500], why)


class _Client:
    """One connection of the browser: a tunnel, or one request and its answer."""

    def __init__(self, forwarding: Forwarding, client: Line) -> None:
        self._forwarding = forwarding
        self._client = client
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEADERS)

    def serve(self) -> None:
        request = self._asked()
        if not isinstance(request, h11.Request):
            return
        asked = request.target.decode("latin-1")
        try:
            if request.method == b"CONNECT":
                self._tunnel(f"https://{asked}/")
            elif asked.lower().startswith("http:"):
                self._exchange(asked, request)
            else:
                self._say(400, "Only http is spoken here, and CONNECT.")
        except Refused as refused:
            self._say(403, str(refused))
        except Unreachable as unreachable:
            self._say(502, str(unreachable))

    def _asked(self) -> object:
        """What the browser says next."""
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(self._client.receive())
        return event

    def _answer(self, event: h11.Event) -> None:
        self._client.send(self._http.send(event) or b"")

    def _say(self, status: int, why: str) -> None:
        """Tell the browser why it gets nothing, if it has not been told anything yet."""
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        told = why.encode()
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")]
        headers.append(("Content-Length", str(len(told))))
        self._answer(h11.Response(status_code=status, headers=headers))
        self._answer(h11.Data(data=told))
        self._answer(h11.EndOfMessage())

    def _tunnel(self, address: str) -> None:
        """Pass bytes both ways until either side has ended. What they are, TLS keeps secret."""
        self._asked()
        with self._forwarding.reach(address) as (_target, line):
            self._answer(h11.Response(status_code=200, headers=[]))
            if early := self._http.trailing_data[0]:
                self._pass_up(line, early)
            with selectors.DefaultSelector() as waiting:
                waiting.register(self._client, selectors.EVENT_READ)
                waiting.register(line, selectors.EVENT_READ)
                while ready := waiting.select(self._forwarding.deadline.left()):
                    for key, _ in ready:
                        data = cast("Line", key.fileobj).receive()
                        if not data:
                            return
                        if key.fileobj is self._client:
                            self._pass_up(line, data)
                        else:
                            self._forwarding._count(received=len(data))
                            self._client.send(data)

    def _pass_up(self, line: Line, data: bytes) -> None:
        self._forwarding._count(sent=len(data))
        line.send(data)

    def _exchange(self, address: str, request: h11.Request) -> None:
        """Pass one request on, and its answer back, each understood and written anew."""
        with self._forwarding.reach(address) as (target, line):
            server = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEADERS)
            headers = [(b"Host", target.authority.encode()), *_kept(request)]
            headers.append((b"Connection", b"close"))
            head = h11.Request(method=request.method, target=target.path, headers=headers)
            self._pass_up(line, server.send(head) or b"")
            while isinstance(event := self._asked(), h11.Data):
                self._pass_up(line, server.send(h11.Data(data=event.data)) or b"")
            self._pass_up(line, server.send(h11.EndOfMessage()) or b"")
            self._bring_back(line, server)

    def _bring_back(self, line: Line, server: h11.Connection) -> None:
        while True:
            event = server.next_event()
            if event is h11.NEED_DATA:
                data = line.receive()
                self._forwarding._count(received=len(data))
                server.receive_data(data)
            elif isinstance(event, h11.Response):
                headers = [*_kept(event), (b"Connection", b"close")]
                self._answer(h11.Response(status_code=event.status_code, headers=headers))
            elif isinstance(event, h11.Data):
                self._answer(h11.Data(data=event.data))
            elif isinstance(event, h11.EndOfMessage):
                self._answer(h11.EndOfMessage())
                return
            elif not isinstance(event, h11.InformationalResponse):
                return


def _kept(head: h11.Request | h11.Response) -> _Headers:
    """The headers that are meant for the other end."""
    pairs = head.headers.raw_items()
    return [(name, value) for name, value in pairs if name.lower() not in _OF_THE_HOP]


@contextmanager
def forward(
    *, guard: Guard | None = None, allowance: Allowance | None = None
) -> Iterator[Forwarding]:
    """Open a proxy on this machine for as long as the block lasts; `port` says where.

    Whoever on this machine finds the port can use it meanwhile, for the public internet alone.
    """
    with Forwarding(guard or Guard.of_the_desk(), allowance or Allowance()).open() as forwarding:
        yield forwarding
