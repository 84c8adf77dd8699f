"""Workers are told of so much at a time, of what people wait for first, and everybody has turns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from celery.worker.request import Request
from django.db.models.functions import Now
from kombu import Connection

from claims import capturing, importing, offering, photographing, polling, tasks, watching
from claims.models import Capture, Feed, FeedItem, ImportItem, Offer, Picture, Watch
from factcheck import celery_app
from tests import factories

pytestmark = pytest.mark.django_db

LOST = timedelta(minutes=5)  # after which any hint must be lost


def cited(many: int) -> None:
    Capture.objects.bulk_create(
        Capture(asked=f"https://a.example/{number}") for number in range(many)
    )


def offered(many: int = 1) -> None:
    by = factories.fact_checker()
    for number in range(many):
        offering.ask(f"https://a.example/{number}", by=by)


def imported(many: int, name: str = "a") -> None:
    lines = "\n".join(f"https://{name}{number}.example/" for number in range(many))
    importing.begin(importing.asked_for(lines), by=factories.fact_checker())


def named(many: int, name: str = "a") -> Feed:
    feed = factories.feed()
    for number in range(many):
        address = f"https://{name}{number}.example/"
        feed.items.create(address=address, canonical=address, host=f"{name}{number}.example")
    return feed


def watched(many: int) -> None:
    for number in range(many):
        Watch.objects.create(
            article=(row := factories.article(f"Number {number}.")), current=row, since=Now(),
            host=f"a{number}.example", next_look_at=Now(),
        )  # fmt: skip


def photographed(many: int) -> None:
    for number in range(many):
        Picture.objects.create(capture=Capture.objects.create(asked=f"https://a.example/{number}"))


KINDS = [
    (capturing, cited, Capture),
    (offering, offered, Offer),
    (watching, watched, Watch),
]


@pytest.mark.parametrize(("room", "wait", "model"), KINDS, ids=["captures", "offers", "watches"])
def test_however_many_wait_so_many_hints_are_on_their_way(monkeypatch, room, wait, model):
    monkeypatch.setattr(room, "HINTS", 2)
    wait(5)
    first, second, *_ = model.objects.order_by("pk").values_list("pk", flat=True)

    assert (room.hint(), room.hint()) == ([first, second], [])
    model.objects.filter(pk=first).update(hinted_at=Now() - LOST)
    assert room.hint() == [first]


def test_what_is_done_makes_room(monkeypatch):
    monkeypatch.setattr(capturing, "HINTS", 1)
    cited(2)
    (first,) = capturing.hint()

    Capture.objects.filter(pk=first).update(state="failed", why="It is gone.")

    assert len(capturing.hint()) == 1


def test_one_page_is_photographed_at_a_time():
    photographed(3)
    (first,) = photographing.hint()

    Picture.objects.begin(first)
    assert photographing.hint() == []
    Picture.objects.filter(pk=first).update(next_try_at=Now() - LOST, hinted_at=Now() - LOST)
    assert photographing.hint() == [first]


def test_files_of_imports_are_told_of_within_bounds(monkeypatch):
    monkeypatch.setattr(importing, "HINTS", 2)
    factories.batch(*((f"{number}.txt", b"One.") for number in range(3)))

    assert (len(importing.hint()), importing.hint()) == (2, [])


# Turns


def hosts(pks: list[int], model: type[FeedItem] | type[ImportItem]) -> list[str]:
    known = dict(model.objects.values_list("pk", "host"))
    return [known[pk].removesuffix(".example") for pk in pks]


def test_feeds_take_turns_and_none_is_told_of_too_often(monkeypatch):
    monkeypatch.setattr(polling, "OF_ONE_FEED", 2)
    named(5)
    named(1, "b")

    assert hosts(polling.hint_items(), FeedItem) == ["a0", "b0", "a1"]
    assert polling.hint_items() == []
    FeedItem.objects.filter(host="a0.example").update(held_until=Now() + LOST)
    assert hosts(polling.hint_items(), FeedItem) == ["a2"]


def test_all_feeds_together_are_told_of_within_bounds(monkeypatch):
    monkeypatch.setattr(polling, "HINTS", 3)
    named(5), named(5, "b")

    assert hosts(polling.hint_items(), FeedItem) == ["a0", "b0", "a1"]
    assert polling.hint_items() == []


def test_a_short_import_does_not_wait_for_a_long_one(monkeypatch):
    monkeypatch.setattr(importing, "HOSTS", 4)
    imported(9)
    imported(2, "b")

    assert hosts(importing.hint_addresses(), ImportItem) == ["a0", "b0", "a1", "b1"]
    assert importing.hint_addresses() == []


def test_of_one_import_no_more_are_told_of_than_its_share(monkeypatch):
    monkeypatch.setattr(importing, "OF_ONE_IMPORT", 3)
    imported(9)

    assert (len(importing.hint_addresses()), importing.hint_addresses()) == (3, [])


# The order in which workers take messages


@pytest.fixture
def broker() -> Iterator[Connection]:
    """The broker as a worker of the queue `network` reads it, with nothing in it."""
    with celery_app.connection_for_read() as connection:
        connection.default_channel.queue_purge("network")
        yield connection
        connection.default_channel.queue_purge("network")


def taken(broker: Connection) -> list[str]:
    """What a worker takes from the queue, in its order: the names of tasks."""
    names: list[str] = []
    queue = celery_app.amqp.queues["network"]
    waiting = broker.default_channel._size("network")

    def note(message) -> None:
        names.append(message.headers["task"].rpartition(".")[2])
        message.ack()

    with celery_app.amqp.Consumer(broker.default_channel, [queue], on_message=note):
        while len(names) < waiting:
            broker.drain_events(timeout=5)
    return names


def test_what_people_wait_for_is_taken_first_then_what_is_cited_and_by_itself_last(
    broker, monkeypatch
):
    for name in ("a", "b"):
        named(1, name)
    imported(2), watched(1), cited(1), photographed(1), offered()
    factories.feed(kept=False, polled_at=None)

    for sweep in (
        tasks.sweep_imports, tasks.sweep_feed_items, tasks.sweep_watches, tasks.sweep_feeds,
        tasks.sweep_captures, tasks.sweep_offers,
    ):  # fmt: skip
        sweep()

    order = taken(broker)
    assert sorted(order[:2]) == ["look_at_offer", "poll_feed"]
    assert sorted(order[2:5]) == ["capture_page", "capture_page", "photograph_page"]
    assert order[5:7] == ["poll_feed"] * 2
    assert order[7:] == [
        "take_in_address", "take_in_address", "gather_item", "gather_item", "look_again",
    ]  # fmt: skip


def test_what_a_page_tells_of_goes_before_a_hundred_others(broker):
    for pk in range(100):
        tasks._tell_of_each(tasks.gather_item, "item_id", [pk], tasks.NAMED)
    tasks.look_at_offer.delay(offer_id=1)

    assert taken(broker)[0] == "look_at_offer"


def test_a_message_that_nobody_took_is_dropped(broker):
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks.gather_item, "apply_async", lambda **how: told.append(how))
        tasks._tell_of_each(tasks.gather_item, "item_id", [7], tasks.NAMED)
    (how,) = told
    tasks.gather_item.apply_async(**how)
    message = broker.default_channel.basic_get("network", no_ack=True)

    assert how["expires"] > 60
    ends = datetime.fromisoformat(message.headers["expires"])
    assert timedelta() < ends - datetime.now(UTC) <= timedelta(seconds=tasks.EXPIRES)
    assert not is_dropped(message)
    message.headers["expires"] = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    assert is_dropped(message)


def test_nor_do_articles_and_files_pile_up_that_nobody_took(broker):
    factories.article(), factories.batch()
    channel = broker.default_channel
    channel.queue_purge("analysis")

    tasks.sweep_analyses(), tasks.sweep_imports()

    told = [channel.basic_get("analysis", no_ack=True) for _ in range(2)]
    names = {message.headers["task"].rpartition(".")[2] for message in told}
    assert names == {"analyse", "take_in_files"}
    for message in told:
        ends = datetime.fromisoformat(message.headers["expires"])
        assert timedelta() < ends - datetime.now(UTC) <= timedelta(seconds=tasks.EXPIRES)


def is_dropped(message) -> bool:
    """What a worker makes of a message before it hands it to a process."""
    request = Request(
        message, app=celery_app, task=tasks.gather_item, headers=message.headers,
        decoded=True, body=message.payload, on_ack=lambda *args: None,
    )  # fmt: skip
    return bool(request.revoked())
