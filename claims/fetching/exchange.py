"""One request and its answer over one line, read from bytes by h11.

h11 does no input or output of its own, so that every byte passes our limits before it is
understood, and nothing is remembered from one request to the next.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace

import h11

from claims.fetching.encodings import Content, megabytes
from claims.fetching.guard import Guard, Limits
from claims.fetching.lines import Line, connect
from claims.fetching.names import addresses_of
from claims.fetching.networks import Address
from claims.fetching.refusals import Deadline, Refused, Unreachable
from claims.fetching.targets import Target

REDIRECTS = frozenset({301, 302, 303, 307, 308})
Headers = tuple[tuple[str, str], ...]

_INTERIM = 10  # answers such as “103 Early Hints” before the real one
_WITHOUT_BODY = (204, 304)


@dataclass(frozen=True, slots=True)
class Request:
    """What to send besides the host."""

    method: str
    headers: Headers
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `received` is the body as sent, `content` the same decoded."""

    address: Address
    sent: Headers
    status: int
    headers: Headers
    received: bytes = b""
    content: bytes = b""

    def header(self, name: str) -> str:
        """The value of the header with this lower-case name; several are joined by commas."""
        return ", ".join(value for key, value in self.headers if key.lower() == name)


def exchange(
    target: Target, request: Request, *, guard: Guard, limits: Limits, deadline: Deadline
) -> Answer:
    """Send `request` to `target` and return the answer; the body of a redirect is left unread.

    The host is looked up once, and what is connected to is what was checked. Certificate and
    `Host` go by the name.

    :raises Refused: if an address, the size or the encoding is against the rules.
    :raises Unreachable: if no whole answer comes.
    """
    addresses = [target.address] if target.address else addresses_of(target.host, guard, deadline)
    with closing(connect(addresses, target.port, guard, deadline)) as line:
        if target.scheme == "https":
            line.secure(target.host, guard.authorities)
        return _Exchange(line, limits).run(target, request)


class _Exchange:
    def __init__(self, line: Line, limits: Limits) -> None:
        self._line = line
        self._limits = limits
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=limits.headers)
        self._received = bytearray()
        self._ended = False

    def run(self, target: Target, request: Request) -> Answer:
        sent = (("Host", target.authority), *request.headers, ("Connection", "close"))
        if request.method == "POST":
            sent = (*sent, ("Content-Length", str(len(request.body))))
        headers = [(name.encode(), value.encode("latin-1")) for name, value in sent]
        self._send(h11.Request(method=request.method, target=target.path, headers=headers))
        if request.body:
            self._send(h11.Data(data=request.body))
        self._send(h11.EndOfMessage())
        response = self._response()
        raw = response.headers.raw_items()
        told = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw)
        answer = Answer(self._line.address, sent, response.status_code, told)
        if answer.status in REDIRECTS:
            return answer
        content = self._content(answer)
        return replace(answer, received=bytes(self._received), content=content)

    def _send(self, event: h11.Event) -> None:
        self._line.send(self._http.send(event) or b"")

    def _response(self) -> h11.Response:
        """The head of the answer; what comes before the real one is skipped."""
        most = self._limits.headers
        for _ in range(_INTERIM):
            event = self._next()
            if isinstance(event, h11.Response):
                if sum(len(name) + len(value) for name, value in event.headers) > most:
                    raise self._too_long()
                return event
        raise Refused("The server sends one preliminary answer after the other.")

    def _content(self, answer: Answer) -> bytes:
        announced = answer.header("content-length")
        if announced.isdecimal() and int(announced) > self._limits.received:
            raise self._too_large()
        content = Content(answer.header("content-encoding"), limit=self._limits.decoded)
        while isinstance(event := self._next(), h11.Data):
            self._received += event.data
            if len(self._received) > self._limits.received:
                raise self._too_large()
            content.feed(bytes(event.data))
        if answer.status not in _WITHOUT_BODY:
            self._check_end(announced)
        return content.finish()

    def _check_end(self, announced: str) -> None:
        """Refuse an answer that goes on behind its announced end; line ends there are nothing."""
        rest = self._http.trailing_data[0] or (b"" if self._ended else self._line.rest())
        if rest.strip(b"\r\n"):
            size = f"the {announced} bytes" if announced else "the end"
            raise Refused(f"The server sends more than {size} that it announced.")

    def _next(self) -> h11.Event:
        """What the server says next; `EndOfMessage` last."""
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise self._nonsense(error) from error
            if isinstance(event, h11.Event):
                return event
            if self._line.received > self._limits.received + self._limits.headers:
                raise self._too_large()
            data = self._line.receive()
            self._ended = not data
            self._http.receive_data(data)

    def _nonsense(self, error: h11.RemoteProtocolError) -> Refused | Unreachable:
        if self._ended:
            return Unreachable(
                "The connection ended before the whole answer was sent"
                f" ({len(self._received):,} bytes of content)."
            )
        if error.error_status_hint == 431:
            return self._too_long()
        return Unreachable(f"The server does not answer in valid HTTP: {str(error)[:100]}")

    def _too_long(self) -> Refused:
        return Refused(f"The headers are larger than {megabytes(self._limits.headers)}.")

    def _too_large(self) -> Refused:
        return Refused(f"The answer is larger than {megabytes(self._limits.received)}.")
