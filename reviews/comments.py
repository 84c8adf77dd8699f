"""What colleagues say to each other about a review: saying, replying, mentioning, resolving.

Nothing said is changed or taken away; who was wrong says so in a reply. A resolved thread stays,
and a reply opens it again.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Subquery

from claims import matching
from claims.models import Article
from reviews import gate, history, leases, notifications, opinions
from reviews.gate import Refused
from reviews.inbox import Kind
from reviews.models import Comment, Review, ReviewEvent, ThreadEvent, User
from reviews.states import CHECK, Action
from reviews.talk import CommentQuerySet

__all__ = ["Refused"]

WHOLE, ARTICLE = "review", "article"  # what a comment may be about, besides fields of the verdict
MENTIONED_AT_MOST = 10  # people in one comment
LISTED_AT_MOST = 200  # people offered while somebody types a name

# A user name as Django takes it, after an @ that stands by itself: not in an address of mail.
_MENTION = re.compile(r"(?<![\w.+@-])@([\w.+@-]{1,150})")


def visible(review: Review, user: User) -> CommentQuerySet:
    """Return the comments on `review` that `user` may see: every page, mark and mention asks here.

    All of them, to everybody from whom its verdict is not hidden.
    """
    said = Comment.objects.filter(review=review)
    return said.none() if opinions.hidden_from(user, review) else said


def colleagues() -> list[User]:
    """Return who may be mentioned, by user name, at most `LISTED_AT_MOST`. Cost: one query."""
    people = User.objects.filter(is_active=True)
    return list(people.order_by("username")[:LISTED_AT_MOST])


def marked(review: Review, *, by: User, until: datetime | None = None) -> CommentQuerySet:
    """Return the threads that `by` began on passages of the submitted verdict and its articles.

    They are what a return of it delivers: those begun since it was submitted last, before `until`.
    """
    submissions = ReviewEvent.objects.filter(review=review, action=Action.SUBMIT)
    began = Comment.objects.threads().filter(review=review, author=by)
    if until:
        submissions, began = submissions.filter(at__lte=until), began.filter(at__lte=until)
    last = submissions.order_by("-pk").values("at")[:1]
    on_passages = began.exclude(article__isnull=True, version__isnull=True)
    return on_passages.filter(at__gte=Subquery(last))


def to_deliver(review: Review, *, by: User) -> list[Comment]:
    """Return those among them that are open: what a return by `by` would deliver now."""
    found = marked(review, by=by).defer("article__text", "version__content")
    return [thread for thread in found if not thread.is_resolved]


# Saying


@transaction.atomic
def say(
    review: Review, *, by: User, body: str, about: str = WHOLE, quote: str = "", article: str = ""
) -> Comment:
    """Begin a thread about the review, an article that the claim is in, or a field of the verdict.

    `quote` are the words of the passage meant, found in the text whatever its line breaks; a field
    may do without. Sent twice in a row, it stands once. Who is mentioned is told.

    :raises Refused: if it is empty, `by` is no checker, the words are not to be found there or
        stand there more than once, or nobody has a name that is mentioned.
    """
    actor, now = _begin(review, by, body)
    passage = _passage(review, about, quote, article)
    return _add(review, actor, now, body.strip(), ThreadEvent.What.SAID, passage)


@transaction.atomic
def reply(comment: Comment, *, by: User, body: str) -> Comment:
    """Answer in the thread of `comment`; a resolved one is open again.

    :raises Refused: as `say`, or if `by` may not see the comment.
    """
    thread, review = comment.thread or comment, comment.review
    actor, now = _begin(review, by, body)
    _refuse_unseen(thread, actor)
    return _add(review, actor, now, body.strip(), ThreadEvent.What.REPLIED, {"thread": thread})


def _begin(review: Review, by: User, body: str) -> tuple[User, datetime]:
    actor, now = leases.lock(review, by)
    if not actor.has_perm(CHECK):
        raise Refused("Your role does not allow this.")
    gate.need(body, "Write the comment first.")
    return actor, now


def _refuse_unseen(comment: Comment, actor: User) -> None:
    if not visible(comment.review, actor).filter(pk=comment.pk).exists():
        raise Refused("You may not see this comment now.")


def _add(
    review: Review, actor: User, now: datetime, body: str, what: ThreadEvent.What,
    place: dict[str, Any],
) -> Comment:  # fmt: skip
    people = mentioned(body)
    newest = review.comments.order_by("-pk").first()
    if newest and newest == review.comments.filter(author=actor, body=body, **_same(place)).last():
        return newest
    said = Comment.objects.create(review=review, author=actor, body=body, at=now, **place)
    _log(said.thread or said, what, actor, now)
    for person in people:
        _tell(person, said)
    return said


def _same(place: dict[str, Any]) -> dict[str, Any]:
    empty = dict.fromkeys(("thread", "article", "version", "start")) | {"field": ""}
    return {name: place.get(name, nothing) for name, nothing in empty.items()}


def _log(thread: Comment, what: ThreadEvent.What, actor: User, now: datetime) -> None:
    ThreadEvent.objects.create(thread=thread, what=what, actor=actor, actor_name=str(actor), at=now)


# Passages


def _passage(review: Review, about: str, quote: str, article: str) -> dict[str, Any]:
    """What a comment is about, as the fields of its row."""
    if about == WHOLE:
        if quote.strip():
            raise Refused("Say where these words stand: in the article, or in the verdict.")
        return {}
    if about == ARTICLE:
        gate.need(quote, "Give the words of the article that you mean.")
        row = _article(review, article)
        return {"article": row} | _found(quote, row.text, "the article")
    field = Comment.Field(about)
    version = history.of(review).versions.order_by("-seq").first() if _has_verdict(review) else None
    if version is None:
        raise Refused("Nothing of the verdict is saved yet.")
    place = {"version": version, "field": field}
    if not quote.strip():
        return place
    return place | _found(quote, history.read(version)[field.value], str(field.label))


def _has_verdict(review: Review) -> bool:
    return history.of(review).pk is not None


def _article(review: Review, ref: str) -> Article:
    claim = matching.survivor(review.claim)
    found = Article.objects.filter(ref=ref, appearances__claim=claim).first()
    if found is None:
        raise Refused("The claim does not appear in this article.")
    return found


def _found(quote: str, text: str, where: str) -> dict[str, Any]:
    """Where `quote` stands in `text`, spaces and line breaks being alike. Linear in both."""
    words = r"\s+".join(re.escape(word) for word in quote.split())
    places = [match.span() for match in re.finditer(words, text)]
    if not places:
        raise Refused(f"These words do not stand in {where}. Copy them exactly.")
    if len(places) > 1:
        raise Refused(f"These words stand {len(places)} times in {where}. Copy a few more.")
    start, end = places[0]
    return {"start": start, "end": end, "quote": text[start:end]}


# Mentions


def mentioned(body: str) -> list[User]:
    """Return the people that `body` mentions as @username, in order. Cost: one query, two if wrong.

    A full stop or hyphen that ends the sentence is not part of a name.

    :raises Refused: if nobody active has such a name; the nearest names are proposed.
    """
    written = {name: (name, name.rstrip(".+-@")) for name in _MENTION.findall(body)}
    if not written:
        return []
    wanted = {spelling for spellings in written.values() for spelling in spellings}
    active = User.objects.filter(is_active=True, username__in=wanted)
    known = {person.username: person for person in active}
    people, unknown = dict[User, None](), []
    for name, trimmed in written.values():
        if person := known.get(name) or known.get(trimmed):
            people[person] = None
        else:
            unknown.append(trimmed)
    if unknown:
        raise Refused(_nobody(unknown))
    if len(people) > MENTIONED_AT_MOST:
        raise Refused(f"Mention at most {MENTIONED_AT_MOST} people in one comment.")
    return list(people)


def _nobody(unknown: Iterable[str]) -> str:
    names = [person.username for person in colleagues()]
    said = []
    for name in unknown:
        near = difflib.get_close_matches(name, names, n=2)
        proposed = " or ".join(f"@{one}" for one in near)
        said.append(
            f"Nobody here is called @{name}." + (f" Do you mean {proposed}?" if near else "")
        )
    return " ".join(said)


def _tell(person: User, said: Comment) -> None:
    """Tell a person that they are mentioned, unless by themselves.

    :raises Refused: if they may not see the comment.
    """
    if person.pk == said.author_id:
        return
    if not visible(said.review, person).filter(pk=said.pk).exists():
        raise Refused(f"{person} may not see the comments on this review now.")
    notifications.tell(
        person, Kind.MENTIONED, said.review, at=said.at, note=said.body,
        occasion=f"comment {said.ref}", words=f"{said.author} mentioned you in a comment",
    )  # fmt: skip


# Resolving


@transaction.atomic
def resolve(comment: Comment, *, by: User) -> None:
    """Note that what the thread asks for is done; resolved already, nothing happens.

    :raises Refused: if `by` is no checker, or may not see it.
    """
    _turn(comment, by, ThreadEvent.What.RESOLVED)


@transaction.atomic
def reopen(comment: Comment, *, by: User) -> None:
    """Open a resolved thread again; open already, nothing happens.

    :raises Refused: if `by` is no checker, or may not see it.
    """
    _turn(comment, by, ThreadEvent.What.REOPENED)


def _turn(comment: Comment, by: User, what: ThreadEvent.What) -> None:
    thread = comment.thread or comment
    actor, now = leases.lock(comment.review, by)
    if not actor.has_perm(CHECK):
        raise Refused("Your role does not allow this.")
    _refuse_unseen(thread, actor)
    is_resolved = Comment.objects.threads().get(pk=thread.pk).is_resolved
    if is_resolved != (what == ThreadEvent.What.RESOLVED):
        _log(thread, what, actor, now)
