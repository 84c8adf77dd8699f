"""Who is asking, as the proxy in front tells it, and who is counted as one."""

import pytest
from django.test import RequestFactory

from factcheck.proxy import counted_address


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, unknown", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_the_last_forwarded_address_counts(settings, forwarded, expected):
    settings.BEHIND_PROXY = True
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    assert counted_address(RequestFactory().get("/", headers=headers)) == expected


def test_without_a_proxy_nobody_is_believed(settings):
    settings.BEHIND_PROXY = False
    request = RequestFactory().get("/", headers={"X-Forwarded-For": "203.0.113.9"})

    assert counted_address(request) == "127.0.0.1"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("::ffff:cb00:7109", "203.0.113.9"),
        ("203.0.113.9", "203.0.113.9"),
        ("", None),
    ],
)
def test_what_one_person_has_counts_as_one(address, counted):
    assert counted_address(RequestFactory(REMOTE_ADDR=address).get("/")) == counted
