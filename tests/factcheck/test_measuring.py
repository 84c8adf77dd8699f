"""Whoever sends too much to a page that is open to all is answered before it is read."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.test import Client

from claims import tips
from claims.models import Tip
from factcheck.measuring import OF_ANYBODY
from tests.serving import NeverRead

pytestmark = pytest.mark.django_db

TYPES = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("where", ["/checks/send/", "/sign-in/", "/checks/", "/health/"])
def test_what_is_too_much_is_not_read(where, kind):
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "a" * 32
    answer = client.generic(
        "POST", where, CONTENT_TYPE=kind, CONTENT_LENGTH=str(OF_ANYBODY + 1),
        **{"wsgi.input": NeverRead()},
    )  # fmt: skip

    assert (answer.status_code, answer["Content-Type"]) == (413, "text/plain")


def test_the_longest_tip_is_taken():
    typed = {"text": "🐟" * tips.LONGEST, "contact": "я" * tips.LONGEST_CONTACT}
    typed["url"] = "https://bay.example/" + "a" * 1900
    assert len(urlencode(typed)) < OF_ANYBODY

    answer = Client().post("/checks/send/", urlencode(typed), TYPES[0])

    assert answer.status_code == 302
    assert Tip.objects.get().text == typed["text"]
