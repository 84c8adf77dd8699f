"""Who is asking, as the proxy in front tells it."""

import pytest
from django.test import RequestFactory

from factcheck.proxy import client_address


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("", "127.0.0.1"),
    ],
)
def test_the_last_forwarded_address_counts(forwarded, expected):
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    assert client_address(RequestFactory().get("/", headers=headers)) == expected
