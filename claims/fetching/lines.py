"""A connection to one checked address, directly or through the egress proxy.

Every wait for the other side lasts as long as the deadline leaves, so that dripping bytes buys no
time.
"""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

import certifi
import h11

from claims.fetching.guard import Guard
from claims.fetching.names import addresses_of
from claims.fetching.networks import Address
from claims.fetching.refusals import Deadline, Unreachable

_CHUNK = 65_536
_ADDRESSES = 4  # of one host, tried one after the other
_CONNECT = 5.0  # seconds for each
_LINGER = 0.2  # seconds in which a server may show that it has more to say than it announced
_PROXY_SAYS = 16_000  # bytes of a proxy's answer


class Line:
    """A connected socket that waits no longer than the deadline and counts what it receives."""

    def __init__(self, connected: socket.socket, address: Address, deadline: Deadline) -> None:
        self.address = address
        self.received = 0
        self._socket = connected
        self._deadline = deadline

    def close(self) -> None:
        self._socket.close()

    def cut(self) -> None:
        """End it for both sides, also for a thread of ours that waits on it."""
        with suppress(OSError):  # it may have ended already
            self._socket.shutdown(socket.SHUT_RDWR)

    def fileno(self) -> int:
        """The socket, for who waits on several."""
        return self._socket.fileno()

    def send(self, data: bytes) -> None:
        """Send all of `data`."""
        rest = memoryview(data)
        while rest:
            with self._waiting():
                sent = self._socket.send(rest)
            rest = rest[sent:]

    def receive(self) -> bytes:
        """Return what arrives next; b"" when the other side has ended in order."""
        with self._waiting():
            data = self._socket.recv(_CHUNK)
        self.received += len(data)
        return data

    def rest(self) -> bytes:
        """Return what still arrives within a moment after all that was announced."""
        try:
            self._socket.settimeout(min(_LINGER, self._deadline.left()))
            return self._socket.recv(_CHUNK)
        except (OSError, Unreachable):
            return b""

    def secure(self, host: str, authorities: str) -> None:
        """Speak TLS from here on, with whoever proves to be `host`.

        :raises Unreachable: if nobody does.
        """
        context = _trust(authorities)
        with self._waiting():
            try:
                # A connection that is cut is told from one that ended in order: no ragged ends.
                self._socket = context.wrap_socket(
                    self._socket, server_hostname=host, suppress_ragged_eofs=False
                )
            except ssl.SSLCertVerificationError as error:
                why = error.verify_message
                raise Unreachable(f"The certificate of {host} is not valid: {why}.") from error

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Let one call wait on the socket until the deadline, and say what came between."""
        self._socket.settimeout(self._deadline.left())
        try:
            yield
        except TimeoutError as error:
            raise self._deadline.passed() from error
        except OSError as error:
            raise Unreachable(f"The connection broke off: {_reason(error)}.") from error


def connect(addresses: Sequence[Address], port: int, guard: Guard, deadline: Deadline) -> Line:
    """Return a line to the first of the checked `addresses` that takes it.

    The egress proxy is given the address, not the name, so that it cannot come out elsewhere.

    :raises Unreachable: if none does, or none in time.
    """
    failure = Unreachable("The host has no address.")
    for address in addresses[:_ADDRESSES]:
        try:
            if guard.is_direct(address):
                return _open(address, port, deadline)
            return _tunnel(address, port, guard, deadline)
        except Unreachable as unreachable:
            deadline.left()
            failure = unreachable
    raise failure


def _open(address: Address, port: int, deadline: Deadline) -> Line:
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    connected = socket.socket(family, socket.SOCK_STREAM)
    try:
        connected.settimeout(min(_CONNECT, deadline.left()))
        connected.connect((str(address), port))
    except BaseException as error:
        connected.close()
        if isinstance(error, OSError):
            raise Unreachable(f"{address} takes no connection: {_reason(error)}.") from error
        raise
    return Line(connected, address, deadline)


def _tunnel(address: Address, port: int, guard: Guard, deadline: Deadline) -> Line:
    """A line that a proxy leads to `address`, opened by `CONNECT` (RFC 9110, 9.3.6)."""
    proxy = urlsplit(guard.proxy)
    line = _open(_of_the_proxy(proxy, guard, deadline), proxy.port or 0, deadline)
    try:
        _ask_for(address, port, line, proxy)
    except BaseException:
        line.close()
        raise
    line.address = address
    return line


def _of_the_proxy(proxy: SplitResult, guard: Guard, deadline: Deadline) -> Address:
    host = proxy.hostname or ""
    try:
        return ip_address(host)
    except ValueError:
        return addresses_of(host, replace(guard, trusted=True), deadline)[0]


def _ask_for(address: Address, port: int, line: Line, proxy: SplitResult) -> None:
    target = f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
    headers = [("Host", target)]
    if proxy.username:
        pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        token = base64.b64encode(pair.encode()).decode()
        headers.append(("Proxy-Authorization", f"Basic {token}"))
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_PROXY_SAYS)
    line.send(http.send(h11.Request(method="CONNECT", target=target, headers=headers)))
    line.send(http.send(h11.EndOfMessage()))
    try:
        while (event := http.next_event()) is h11.NEED_DATA:
            if line.received > _PROXY_SAYS:
                break
            http.receive_data(line.receive())
    except h11.RemoteProtocolError as error:
        raise Unreachable("The egress proxy does not answer in valid HTTP.") from error
    if not isinstance(event, h11.Response) or event.status_code // 100 != 2:
        status = getattr(event, "status_code", "nothing")
        raise Unreachable(f"The egress proxy does not connect to {target}: it answers {status}.")
    if http.trailing_data[0]:
        raise Unreachable("The egress proxy says more than that it is connected.")


@cache
def _trust(authorities: str) -> ssl.SSLContext:
    """Whom to believe: the system's certificates, certifi's, and those of a file, if one is named.

    Certifi's are added because a small machine may have none.
    """
    context = ssl.create_default_context()
    # Some Pythons (3.11.2) have OpenSSL take a connection that is cut for one that ended in order.
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    context.load_verify_locations(certifi.where())
    if authorities:
        context.load_verify_locations(authorities)
    return context


def _reason(error: OSError) -> str:
    """What went wrong, without numbers of errors and lines of C."""
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return (error.strerror or str(error) or type(error).__name__).lower()
