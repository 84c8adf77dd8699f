"""A browser without scripts, signed in as somebody; and counting the queries of a page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from reviews.models import User

SignIn = Callable[[User], Client]


@pytest.fixture
def sign_in(db) -> SignIn:
    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="reviews.roles.RoleBackend")
        return client

    return signed_in


@pytest.fixture
def queries() -> Callable[[Client, str], int]:
    """How many queries a page takes, once the session and content types are warm."""

    def counted(client: Client, address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    return counted
