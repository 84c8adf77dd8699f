"""Pages served by this process to a real browser, with static files as in production."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections
from django.test import Client
from django.test.testcases import LiveServerThread
from playwright.sync_api import BrowserContext

from reviews.models import User


class NeverRead:
    """A body that nobody may wait for."""

    def read(self, size: int = -1) -> bytes:
        raise AssertionError("the body was read")

    readline = read


@contextmanager
def served() -> Iterator[str]:
    """Serve the desk on the test's database; yield its address. Needs `transactional_db`."""
    server = LiveServerThread("127.0.0.1", lambda application: application)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    server.httpd.daemon_threads = False  # closing waits for them, and so for their database
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.terminate()


def signed_in(user: User) -> Client:
    """Return a client without scripts, signed in as `user`."""
    client = Client()
    client.force_login(user, backend="reviews.roles.RoleBackend")
    return client


def sign_in(context: BrowserContext, user: User, address: str) -> None:
    """Sign `user` in to a browser."""
    session = signed_in(user).cookies["sessionid"].value
    # Beside Playwright's loop a test has a database connection of its own, seen from here only.
    connections.close_all()
    context.add_cookies([{"name": "sessionid", "value": session, "url": address}])


def problems_of(context: BrowserContext) -> list[str]:
    """Return a list that fills with whatever the browser's console and scripts complain of."""
    problems: list[str] = []
    context.on("console", lambda message: problems.append(message.text))
    context.on("weberror", lambda error: problems.append(str(error.error)))
    return problems
