"""A small internet of its own: a public web, one that stands inside, and who knows their names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network
from socket import create_server

import pytest

from claims.fetching import Guard
from tests import hostile

HOST = "news.example"


@dataclass
class Internet:
    """`web` counts as public, `inside` does not; both listen on the same port."""

    web: hostile.Web
    inside: hostile.Web
    secure: hostile.Web
    names: hostile.Names
    guard: Guard

    def url(self, path: str = "/", host: str = HOST) -> str:
        return f"http://{host}:{self.web.port}{path}"

    def secure_url(self, path: str = "/", host: str = HOST) -> str:
        return f"https://{host}:{self.secure.port}{path}"

    def serves(self, *steps: hostile.Step, path: str = "/") -> str:
        """Let the public web answer `path` with these steps; return the address."""
        self.web.answers[path] = steps
        return self.url(path)

    def with_guard(self, **changes: object) -> Guard:
        return replace(self.guard, **changes)


@pytest.fixture(scope="session")
def _internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Internet]:
    certificates = hostile.Certificates(tmp_path_factory.mktemp("certificates"))
    web = hostile.Web("127.0.0.1")
    inside = hostile.Web("127.0.0.2", web.port)
    secure = hostile.Web("127.0.0.1", tls=certificates.server_of(HOST))
    names = hostile.Names()
    guard = Guard(
        ports=frozenset({80, 443, web.port, secure.port}),
        allowed=(ip_network("127.0.0.1/32"),),
        nameservers=(("127.0.0.1", names.port),),
        authorities=certificates.file,
    )
    with hostile.together(web, inside, secure, names):
        yield Internet(web, inside, secure, names, guard)


@pytest.fixture
def net(_internet: Internet) -> Internet:
    """The same servers for all tests, each of which finds them empty."""
    for web in (_internet.web, _internet.inside, _internet.secure):
        web.forget()
    _internet.names.records = {HOST: [["127.0.0.1"]]}
    _internet.names.asked.clear()
    return _internet


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of somebody who takes connections and says nothing."""
    with create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
