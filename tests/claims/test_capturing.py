"""Pages that are cited: fetched once, with their bytes, hash, headers and time, or why not."""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now

from claims import archiving, capturing, gathering
from claims.models import Capture
from tests.claims.conftest import turn_comes_meanwhile
from tests.hostile import page

GONE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"


def cited(url: str) -> None:
    Capture.objects.create(asked=url)


def fetched() -> Capture:
    (capture_id,) = capturing.hint()
    capturing.take(capture_id=capture_id)
    return Capture.objects.get(pk=capture_id)


def test_bytes_hash_headers_and_time_are_kept(db, web):
    cited(web.serves(page(b"<p>9.1", "Content-Type: text/html", "Set-Cookie: s=1")))

    capture = fetched()

    assert (capture.state, capture.size, capture.media_type) == ("kept", 6, "text/html")
    assert archiving.content_of(capture) == b"<p>9.1"
    assert dict(capture.response_headers)["Content-Type"] == "text/html"
    assert "Set-Cookie" not in dict(capture.response_headers)
    assert archiving.place_of(capture.sha256) not in set(archiving.unreferenced())


def test_what_is_gone_fails_with_why(db, web):
    cited(web.serves(GONE))

    capture = fetched()

    assert (capture.state, capture.why) == (
        "failed", "It answers 404: there is no such page.",
    )  # fmt: skip


def test_what_may_pass_is_tried_again_later_and_fails_in_the_end(db, web):
    cited(web.serves(BUSY))
    assert fetched().state == "waiting"
    assert capturing.hint() == []
    states = []
    for _ in range(2):
        Capture.objects.update(next_try_at=Now() - timedelta(seconds=1))
        states.append(fetched().state)

    assert states == ["waiting", "failed"]


def test_what_a_full_disk_did_not_take_is_fetched_again_when_there_is_room(db, web, disk):
    cited(web.serves(page(b"<p>9.1")))
    disk.is_full = True
    capture = fetched()
    assert (capture.state, capture.why) == (
        "waiting", "its bytes cannot be kept: No space left on device",
    )  # fmt: skip

    disk.is_full = False
    Capture.objects.update(next_try_at=Now() - timedelta(seconds=1))

    assert fetched().state == "kept"


def test_a_message_that_comes_again_asks_nobody_before_its_time(db, web):
    cited(web.serves(BUSY))
    (capture_id,) = capturing.hint()

    for _ in range(5):
        capturing.take(capture_id=capture_id)

    capture = Capture.objects.get()
    assert (capture.state, capture.attempts, len(web.web.requests)) == ("waiting", 1, 1)
    assert capture.why == "It answers 503: the site fails."


def test_a_message_that_comes_again_leaves_the_page_to_who_is_at_it(db, web, monkeypatch):
    cited(web.serves(page(b"<p>9.1")))
    Capture.objects.update(attempts=capturing.ATTEMPTS - 1)
    (capture_id,) = capturing.hint()
    ask = gathering.ask

    def while_asking(url):
        capturing.take(capture_id=capture_id)
        return ask(url)

    monkeypatch.setattr(gathering, "ask", while_asking)
    capturing.take(capture_id=capture_id)

    assert (Capture.objects.get().state, len(web.web.requests)) == ("kept", 1)


def test_one_that_killed_its_worker_is_begun_again_and_not_for_ever(db):
    cited("https://a.example/")
    Capture.objects.update(attempts=capturing.ATTEMPTS)

    assert (fetched().state, Capture.objects.get().why) == ("failed", capturing.UNFINISHED)


def test_one_whose_turn_comes_just_now_is_not_given_up(db):
    cited("https://a.example/")
    Capture.objects.update(attempts=1)

    with turn_comes_meanwhile(Capture):
        capturing.take(capture_id=Capture.objects.get().pk)

    assert Capture.objects.values_list("state", "attempts").get() == ("waiting", 1)


def test_the_first_answer_counts(db, web):
    cited(web.serves(page(b"<p>9.1")))
    first = fetched()

    capturing.take(capture_id=first.pk)

    assert Capture.objects.get().taken_at == first.taken_at


def test_what_the_desk_does_not_fetch_is_not_fetched(db):
    cited("http://10.0.0.1/admin")

    assert (fetched().state, Capture.objects.get().why) == (
        "failed", "10.0.0.1 is private; only the public internet is read.",
    )  # fmt: skip
