"""Cited pages handed over to a public archive: once, politely, with where they can be seen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db.models.functions import Now

from claims import capturing, depositing
from claims.models import Capture, Deposit
from factcheck import settings as of_the_site
from tests.hostile import moved, page

CITED = "/landings"


@pytest.fixture
def archive(db, web, settings):
    """An archive on the public web, which is asked under `/save/`; returns what it is asked for."""
    settings.PUBLIC_ARCHIVE = web.url("/save/{url}")
    settings.CHROMIUM = ""
    return f"/save/{web.url(CITED)}"


def kept(web) -> Capture:
    Capture.objects.create(asked=web.serves(page(b"<p>9.1"), path=CITED))
    (capture_id,) = capturing.hint()
    capturing.take(capture_id=capture_id)
    return Capture.objects.get(pk=capture_id)


def handed_over() -> Deposit:
    cache.clear()  # as after the pause
    (deposit_id,) = depositing.hint()
    depositing.take(deposit_id=deposit_id)
    return Deposit.objects.get(pk=deposit_id)


def test_without_an_archive_nothing_is_handed_over(db, web, settings):
    settings.PUBLIC_ARCHIVE = ""
    kept(web)

    assert not Deposit.objects.exists()


def test_where_the_archive_leads_is_where_it_can_be_seen(archive, web):
    web.web.answers[archive] = [moved("/web/2026/landings")]
    web.web.answers["/web/2026/landings"] = [page(b"9.1")]
    kept(web)

    deposit = handed_over()

    assert (deposit.state, deposit.address) == ("kept", web.url("/web/2026/landings"))


def test_a_content_location_is_where_it_can_be_seen(archive, web):
    web.web.answers[archive] = [page(b"9.1", "Content-Location: /web/2026/landings")]
    kept(web)

    assert handed_over().address == web.url("/web/2026/landings")


@pytest.mark.parametrize(
    "location", ["javascript:alert(1)", "http://10.0.0.1/", "http://[", "ftp://x/"]
)
def test_a_location_that_nobody_should_follow_is_not_told(archive, web, location):
    web.web.answers[archive] = [page(b"9.1", f"Content-Location: {location}")]
    kept(web)

    assert handed_over().address == web.url(archive)


def test_an_archive_that_refuses_is_told(archive, web):
    web.web.answers[archive] = [page(status="403 Forbidden")]
    kept(web)

    deposit = handed_over()

    assert (deposit.state, deposit.why) == ("failed", "It answers 403: it refuses us.")


def test_what_may_pass_is_tried_again_later_and_fails_in_the_end(archive, web):
    web.web.answers[archive] = [page(status="503 Busy")]
    kept(web)
    states = [handed_over().state]
    assert depositing.hint() == []
    for _ in range(2):
        Deposit.objects.update(next_try_at=Now() - timedelta(seconds=1))
        states.append(handed_over().state)

    assert states == ["waiting", "waiting", "failed"]


def test_an_archive_is_asked_once_for_each_page(archive, web):
    web.web.answers[archive] = [page(b"9.1")]
    capture = kept(web)
    first = handed_over()
    cache.clear()

    depositing.take(deposit_id=first.pk)
    capturing.take(capture_id=capture.pk)

    assert depositing.hint() == []
    assert [request.split()[1].decode() for request in web.web.requests].count(archive) == 1


def test_it_waits_for_its_turn_and_that_is_no_attempt(archive, web):
    web.web.answers[archive] = [page(b"9.1")]
    kept(web)
    first = handed_over()
    Capture.objects.create(asked=web.serves(page(b"<p>9.2"), path="/second"))
    (capture_id,) = capturing.hint()
    capturing.take(capture_id=capture_id)
    (deposit_id,) = depositing.hint()

    depositing.take(deposit_id=deposit_id)

    put_off = Deposit.objects.get(pk=deposit_id)
    assert (put_off.state, put_off.attempts, put_off.why) == ("waiting", 0, "")
    assert put_off.next_try_at > first.taken_at


def test_an_archive_inside_is_not_asked(archive, web, settings):
    settings.PUBLIC_ARCHIVE = f"http://127.0.0.2:{web.web.port}/save/{{url}}"
    kept(web)

    assert "this machine's own" in handed_over().why
    assert web.inside.connections == 0


@pytest.mark.parametrize(
    ("named", "asked"),
    [
        ("https://a.example/save/{url}", "https://a.example/save/https://b.example/p?q=1"),
        ("https://a.example/?url={url}&x=1",
         "https://a.example/?url=https%3A%2F%2Fb.example%2Fp%3Fq%3D1&x=1"),
    ],
)  # fmt: skip
def test_an_address_is_quoted_in_a_query_alone(settings, named, asked):
    settings.PUBLIC_ARCHIVE = named

    assert depositing.address_for("https://b.example/p?q=1#top") == asked


@pytest.mark.parametrize(
    "address",
    ["https://a.example/save/", "ftp://a.example/{url}", "{url}", "https://{url}/",
     "https://a.example/{url}{url}"],
)  # fmt: skip
def test_a_malformed_setting_stops_the_start(address):
    with pytest.raises(ImproperlyConfigured, match="FACTCHECK_PUBLIC_ARCHIVE"):
        of_the_site._public_archive(address)


def test_a_browser_that_is_none_stops_the_start(tmp_path):
    with pytest.raises(ImproperlyConfigured, match="FACTCHECK_CHROMIUM"):
        of_the_site._chromium(str(tmp_path))
