"""Calls of the queue, of what people are told, and of what they say of themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib.auth.models import Group, Permission

from reviews import (
    arranging,
    leases,
    mail,
    notifications,
    profile,
    queue,
    rereading,
    roles,
    saved,
)
from reviews.inbox import Kind, Mail, Notification
from reviews.models import Conflict, Review, User
from reviews.states import Status
from tests import factories
from tests.killed.arranged import (
    Arrange,
    Call,
    at,
    checker,
    decider,
    held,
    inside,
    passed,
    unproven,
)


def _two(status: Status, date: str) -> None:
    for _ in range(2):
        passed(at(status), date)


def _expire() -> Call:
    _two(Status.IN_PROGRESS, "lease_expires_at")
    return partial(queue.expire_leases)


def _keep_dates() -> Call:
    passed(at(Status.WAITING), "waits_until")
    passed(at(Status.IN_PROGRESS), "due_at")
    passed(unproven(), "recheck_at")
    return partial(queue.keep_dates)


def _open_reviews() -> Call:
    for _ in range(3):
        factories.claim()
    return partial(queue.open_reviews)


def _copied() -> Review:
    """A published “Unproven” in whose claim there is news."""
    review = unproven()
    Review.objects.filter(pk=review.pk).update(origins=0)
    return review


def _refresh() -> Call:
    return partial(queue.refresh, Review.objects.filter(pk=_copied().pk))


def _refresh_priorities() -> Call:
    return inside(queue.refresh_priorities, [factories.review(), at(Status.IN_PROGRESS)])


def _reweigh_some() -> Call:
    reviews = [factories.review(), at(Status.IN_PROGRESS)]
    Review.objects.update(priority=0)
    return inside(queue.reweigh, [Review.objects.get(pk=review.pk) for review in reviews])


def _read_news() -> Call:
    review = _copied()
    queue.refresh(Review.objects.filter(pk=review.pk))
    return partial(queue.read_news, review, by=review.checker)


def _page_changed() -> Call:
    for _ in range(2):
        review = at(Status.IN_PROGRESS)
        factories.page_change(review.claim.appearances.get().article)
    factories.attach(review)
    factories.copy_change(factories.archived(review).copy.capture)
    return partial(rereading.tell_of_changes)


def _set_weights() -> Call:
    points = dict.fromkeys(arranging.PARTS, 10)
    return partial(arranging.set_weights, by=decider(), points=points, topics={}, why="A trial.")


def _put_under() -> Call:
    topic = arranging.set_topic(by=decider(), topic=None, name="The sea", words=["sea"], harm=3)
    review = held()
    fields = {"by": checker(), "topics": [topic.slug], "reason": "It is."}
    return partial(arranging.put_under, review, **fields)


def _reweigh() -> Call:
    factories.review()
    Review.objects.update(priority=0)
    _set_weights()()
    return partial(arranging.reweigh)


def _take_next() -> Call:
    factories.review()
    return partial(queue.take_next, checker())


def _ending() -> Call:
    for _ in range(2):
        review = at(Status.IN_PROGRESS)
        review.lease_expires_at = leases.clock() + timedelta(minutes=1)
        review.save(update_fields=["lease_expires_at"])
    return partial(notifications.tell_of_ending_leases)


def _tell(review: Review, person: User) -> Notification | None:
    fields = {"at": leases.clock(), "occasion": f"of {review.ref}", "words": "Look at it."}
    return notifications.tell(person, Kind.ASSIGNED, review, **fields)


def _digests() -> Call:
    for _ in range(2):
        person = checker()
        notifications.choose(person, {Kind.ASSIGNED: Mail.DAILY})
        for _ in range(2):
            _tell(factories.review(), person)
    return partial(notifications.write_digests)


def _letters() -> Call:
    for _ in range(2):
        _tell(factories.review(), checker())
    return partial(mail.send_due)


def _letter() -> Call:
    told = _tell(factories.review(), person := checker())
    return inside(mail.write, person, [told], at=leases.clock())


def _unread() -> tuple[User, Notification]:
    told = _tell(factories.review(), person := checker())
    assert told
    return person, told


QUEUE: dict[str, Arrange] = {
    "queue.expire_leases": _expire,
    "queue.keep_dates": _keep_dates,
    "queue.open_reviews": _open_reviews,
    "queue.refresh": _refresh,
    "queue.refresh_priorities": _refresh_priorities,
    "queue.reweigh": _reweigh_some,
    "queue.read_news": _read_news,
    "rereading.tell_of_changes": _page_changed,
    "queue.take_next": _take_next,
    "arranging.set_weights": _set_weights,
    "arranging.set_topic": lambda: partial(
        arranging.set_topic, by=decider(), topic=None, name="The sea", words=["sea"], harm=3
    ),
    "arranging.put_under": _put_under,
    "arranging.reweigh": _reweigh,
    "notifications.tell": lambda: partial(
        notifications.tell, checker(), Kind.ASSIGNED, factories.review(), at=leases.clock(),
        occasion="once", words="Look at it.",
    ),
    "notifications.tell_of_ending_leases": _ending,
    "notifications.write_digests": _digests,
    "notifications.choose": lambda: partial(
        notifications.choose, checker(), dict.fromkeys(Kind, Mail.NEVER)
    ),
    "notifications.read": lambda: partial(notifications.read, *_unread()),
    "notifications.read_all": lambda: partial(
        notifications.read_all, (of := _unread())[0], up_to=of[1].pk
    ),
    "mail.write": _letter,
    "mail.send_due": _letters,
}  # fmt: skip


# People


def _view() -> saved.SavedView:
    return saved.keep(checker(), name="Ports", query="view=open", shared=False)


def _bring_back() -> Call:
    view = _view()
    saved.remove(view, by=view.owner)
    return partial(saved.bring_back, view, by=view.owner)


def _of_the_owner(call: Callable[..., Any], **fields: Any) -> Call:
    view = _view()
    return partial(call, view, by=view.owner, **fields)


def _conflict() -> Conflict:
    return profile.declare(checker(), about=factories.source(), words="My sister works there.")


def _end_conflict() -> Call:
    conflict = _conflict()
    return partial(profile.end, conflict, by=conflict.person)


def _sync() -> Call:
    """As after an upgrade that brings a permission and takes one from a role."""
    checkers = Group.objects.get(name=roles.FACT_CHECKERS)
    checkers.permissions.remove(Permission.objects.get(codename="check_review"))
    checkers.permissions.add(Permission.objects.get(codename="approve_verdict"))
    return partial(roles.sync)


PEOPLE: dict[str, Arrange] = {
    "profile.choose": lambda: partial(profile.choose, checker(), languages=["en"], topics=["sea"]),
    "profile.declare": lambda: partial(
        profile.declare, checker(), about=factories.source(), words="My sister works there."
    ),
    "profile.end": _end_conflict,
    "saved.keep": lambda: partial(
        saved.keep, checker(), name="Ports", query="view=open", shared=False
    ),
    "saved.change": lambda: _of_the_owner(saved.change, name="Quays", shared=True),
    "saved.remove": lambda: _of_the_owner(saved.remove),
    "saved.bring_back": _bring_back,
    "roles.sync": _sync,
}
