"""Servers that misbehave on purpose, on this machine alone: name server, web, TLS, proxy.

Web servers stand on 127.0.0.x; a guard must be told to let one of these through.
"""

from __future__ import annotations

import contextlib
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socket import SHUT_RDWR, create_connection, socket

import dns.message
import dns.rdatatype
import dns.rrset
import trustme

Step = bytes | float  # what to send, or how many seconds to wait before what follows
CLOSE = "Connection: close\r\n"


def page(
    content: bytes = b"<p>News</p>",
    *headers: str,
    status: str = "200 OK",
    length: int | None = None,
) -> bytes:
    """A whole answer as bytes; `length` is what it says of itself, if not the truth."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(content)}"]
    if length is not None:
        lines[-1] = f"Content-Length: {length}"
    return "\r\n".join([*lines, CLOSE, ""]).encode("latin-1") + content


def moved(location: str, status: str = "302 Found", *headers: str) -> bytes:
    return page(b"Moved.", *headers, f"Location: {location}", status=status)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 50


class Web:
    """A web server that says, for each path, exactly the bytes that a test wants."""

    def __init__(self, address: str, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, Iterable[Step] | Callable[[], Iterable[Step]]] = {}
        self.requests: list[bytes] = []
        self.names: list[str] = []  # that TLS clients asked for
        self.connections = 0
        self._tls = tls
        if tls:
            tls.sni_callback = lambda _socket, name, _context: self.names.append(name)
        web = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                web.connections += 1
                with contextlib.suppress(OSError):  # clients hang up on such a server
                    self.request.settimeout(5)
                    if not web._tls:
                        web._serve(self.request)
                        return
                    with web._tls.wrap_socket(self.request, server_side=True) as secured:
                        web._serve(secured)
                        secured.unwrap()

        self._server = _Server((address, port), Handler)
        self.port: int = self._server.server_address[1]

    def _serve(self, connection: socket) -> None:
        request = _read(connection)
        self.requests.append(request)
        path = request.split(b" ")[1].decode()
        answer = self.answers.get(path, [page(status="404 Not Found")])
        for step in answer() if callable(answer) else answer:
            if isinstance(step, float):
                time.sleep(step)
            else:
                connection.sendall(step)

    @contextmanager
    def open(self) -> Iterator[Web]:
        with _running(self._server):
            yield self

    def forget(self) -> None:
        self.answers.clear()
        self.requests.clear()
        self.names.clear()
        self.connections = 0


def _read(connection: socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        if not (data := connection.recv(65_536)) or data.startswith(b"\x16\x03"):
            raise OSError("no request of http, or one of TLS where it is not spoken")
        request += data
    head, _, body = request.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


class Names:
    """A name server. `records` maps a name to its answers, one set of addresses for each asking.

    The last set stays; a name that is absent does not exist; `None` is silence.
    """

    def __init__(self) -> None:
        self.records: dict[str, list[list[str] | None]] = {}
        self.asked: list[tuple[str, str]] = []
        names = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, back = self.request
                if answer := names._answer(dns.message.from_wire(data)):
                    back.sendto(answer.to_wire(), self.client_address)

        self._server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True), question.rdtype
        self.asked.append((name, dns.rdatatype.to_text(kind)))
        answer = dns.message.make_response(query)
        sets = self.records.get(name)
        if sets is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
            return answer
        addresses = sets.pop(0) if len(sets) > 1 and kind == dns.rdatatype.A else sets[0]
        if addresses is None:
            return None
        fitting = [text for text in addresses if (":" in text) == (kind == dns.rdatatype.AAAA)]
        if fitting:
            kind_name = dns.rdatatype.to_text(kind)
            answer.answer.append(dns.rrset.from_text(question.name, 0, "IN", kind_name, *fitting))
        return answer

    @contextmanager
    def open(self) -> Iterator[Names]:
        with _running(self._server):
            yield self


class Proxy:
    """An egress proxy that knows CONNECT only, and leads wherever it is asked to."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.status = "200 OK"
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    proxy._serve(self.request)

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]

    def _serve(self, client: socket) -> None:
        request = _read(client)
        self.asked.append(request)
        client.sendall(f"HTTP/1.1 {self.status}\r\n\r\n".encode())
        if not self.status.startswith("200"):
            return
        host, _, port = request.split(b" ")[1].decode().rpartition(":")
        with create_connection((host, int(port)), timeout=5) as server:
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            _pump(client, server)
            back.join(5)

    @contextmanager
    def open(self) -> Iterator[Proxy]:
        with _running(self._server):
            yield self


def _pump(source: socket, sink: socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(SHUT_RDWR)


@contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Certificates:
    """An authority of our own, and what it vouches for."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self.file = str(folder / "authority.pem")
        self._authority.cert_pem.write_to_path(self.file)

    def server_of(self, *names: str) -> ssl.SSLContext:
        """What a server needs that is to prove it has one of `names`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*names).configure_cert(context)
        return context


@contextmanager
def together(*servers: Web | Names | Proxy) -> Iterator[None]:
    """Several of them at once."""
    with ExitStack() as stack:
        for server in servers:
            stack.enter_context(server.open())
        yield
