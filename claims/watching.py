"""Pages are fetched again, to see whether they changed after they were read.

The article as read stays with its text and every offset into it. Other words at its address are a
later version, stored as an article of its own that `revises` it, with its bytes and analysis; the
`Revision` row tells from what to what. The first look that does not find the article is doubted:
it is told only when the next one does not either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from claims import comparing, gathering, hinting, intake, polling, reading
from claims.comparing import Change
from claims.fetching import Fetched, Validators
from claims.gathering import NotGathered
from claims.models import Article, Claim, Revision, Watch
from claims.reading import Document, Unreadable

# Hours after the beginning at which a page is looked at: corrections come within a day or two,
# what is taken back silently within weeks.
TIMETABLE = (1, 3, 6, 12, 24, 48, 96, 168, 336, 720, 1440, 2160)
DOUBT = timedelta(hours=1)  # until a page that did not show the article is looked at again
ALIKE = 0.5  # share of the shorter text's words in the other, from which they are versions
HINTS = 40  # that are on their way
SHOWN = 50  # changes of a page, or of the pages of a claim


@dataclass(frozen=True, slots=True)
class Shown:
    """A change as people read it: the passages that differ, word by word."""

    revision: Revision
    passages: tuple[tuple[Change, ...], ...]


def watch(articles: Iterable[Article], *, since: datetime) -> None:
    """Look at the pages of `articles` from `since` on.

    Only what was fetched from its page is watched: a file that somebody saved differs from it in
    other ways, too. A watch that began earlier begins anew.
    """
    fetched = [row for row in articles if row.url and reading.canonical(row.url)]
    Watch.objects.bulk_create(
        [
            Watch(
                article=row, current=row, host=polling.host_of(row.url), since=since,
                next_look_at=since + timedelta(hours=TIMETABLE[0]),
            )
            for row in fetched
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    earlier = Watch.objects.filter(article__in=fetched, since__lt=since)
    earlier.update(since=since, next_look_at=since + timedelta(hours=TIMETABLE[0]), ended_at=None)


def watchable() -> Q:
    """The condition on articles that were fetched from their page and are not watched yet."""
    return Q(snapshots__address__gt="", watch__isnull=True) & ~Q(url="")


def hint() -> list[int]:
    """Return the watches that a worker should be told of now, one a host; note that it was."""
    first = Watch.objects.due().order_by("host", "next_look_at", "pk").distinct("host")
    rows = Watch.objects.filter(pk__in=first.values("pk")).order_by("next_look_at", "pk")
    return hinting.hint(rows, most=HINTS, lost_after=polling.HINT_IS_LOST_AFTER)


def look(*, watch_id: int) -> bool:
    """Look at one page, if its turn has come; return whether it was asked.

    Safe to repeat and twice at once. Whatever goes wrong is written into the row.
    """
    row = _hold(watch_id)
    if row is None:
        return False
    try:
        fetched = polling.ask(row.article.url, Validators(row.etag, row.last_modified))
        found = None if fetched.unchanged else _version(row, fetched)
    except polling.NotNow as wait:
        with _still_held(row) as now:
            if now:
                now.next_look_at = polling.clock() + timedelta(seconds=wait.seconds)
                now.save()
        return False
    except NotGathered as error:
        _not_found(row, error)
    else:
        _found(row, fetched, found)
    return True


def changes_of(claim: Claim) -> list[Revision]:
    """Return how the pages in which `claim` appears changed, the newest first: one query."""
    return _changes(Q(article__in=claim.appearances.current().values("article")))


def changes_in(article: Article) -> list[Shown]:
    """Return how the page of `article` changed since it was read, the newest first."""
    return [Shown(one, tuple(_passages(one))) for one in _changes(Q(article=article))]


def note_told(revisions: Iterable[Revision], *, at: datetime) -> None:
    """Note that those whom these changes concern were told."""
    Revision.objects.filter(pk__in=[one.pk for one in revisions]).update(told_at=at)


def _changes(those: Q) -> list[Revision]:
    rows = Revision.objects.filter(those).select_related("article__source", "before", "after")
    return list(rows.defer("article__text").order_by("-pk")[:SHOWN])


def _passages(revision: Revision) -> list[tuple[Change, ...]]:
    if revision.before is None or revision.after is None:
        return []
    return comparing.passages(revision.before.text, revision.after.text)


# A look


@transaction.atomic
def _hold(pk: int) -> Watch | None:
    rows = Watch.objects.due().filter(pk=pk).select_related("article__source", "current")
    row = rows.select_for_update(of=("self",), skip_locked=True).first()
    if row is None:
        return None
    died, row.held_until, row.hinted_at = row.held_until is not None, None, None
    now = polling.clock()
    if died:
        row.error = polling.DIED
        row.next_look_at = _next(row, now)
    else:
        row.held_until = now + polling.HELD
    row.save()
    return None if died else row


@contextmanager
def _still_held(row: Watch) -> Iterator[Watch | None]:
    """The row as it is now, locked and given back, if it is still held by who took it."""
    with transaction.atomic():
        held = Watch.objects.filter(pk=row.pk, held_until=row.held_until)
        now = held.select_for_update().first()
        if now:
            now.held_until = None
        yield now


def _next(row: Watch, now: datetime) -> datetime:
    """When the page is looked at after `now`; past the end of the timetable the watch ends."""
    looks = (row.since + timedelta(hours=hours) for hours in TIMETABLE)
    following = next((at for at in looks if at > now), None)
    row.ended_at = None if following else now
    return following or now


def _version(row: Watch, fetched: Fetched) -> tuple[Article, str]:
    """The version of the article that stands there now, stored if it is new, and its headline.

    :raises NotGathered: if what stands there is not the article.
    """
    document = _document(row, fetched)
    likeness = _likeness(row.current.text, document.text)
    if likeness < ALIKE:
        moved = reading.canonical(fetched.url) != reading.canonical(row.article.url)
        where = f"It leads to {fetched.url} now" if moved else "Something else stands there now"
        why = f"{where}: {likeness:.0%} of its words are the article's."
        raise NotGathered(why, again=True, other=True)
    if document.text.split() == row.current.text.split():
        return row.current, document.title
    try:
        return intake.store(document).article, document.title
    except Unreadable as error:
        raise NotGathered(f"It cannot be stored: {error}.", again=True) from error


def _document(row: Watch, fetched: Fetched) -> Document:
    """What stands there, as a version of the watched article whatever it calls itself now."""
    article = row.article
    found = gathering.read(fetched, asked=article.url, source=article.source.name)
    if not found.documents:
        why = "; ".join(failure.why for failure in found.failures) or "there is nothing in it"
        raise NotGathered(f"No article stands there: {why}.", again=True, other=True)
    address = article.canonical_url or article.url
    return replace(found.documents[0], url=article.url, canonical=address)


def _likeness(one: str, other: str) -> float:
    first, second = set(one.split()), set(other.split())
    return len(first & second) / (min(len(first), len(second)) or 1)


def _found(held: Watch, fetched: Fetched, found: tuple[Article, str] | None) -> None:
    """Write what one look found; `found` is None if the server says that nothing changed."""
    with _still_held(held) as row:
        if row is None:
            return
        now = polling.clock()
        row.looked_at, row.doubts, row.error = now, 0, ""
        row.next_look_at = _next(row, now)
        if row.gone_at:
            row.gone_at = None
            _note(row, Revision.Kind.BACK, now)
        if found:
            etag, last_modified = fetched.validators
            keep = len(etag) <= 500 and len(last_modified) <= 100
            row.etag, row.last_modified = (etag, last_modified) if keep else ("", "")
            _compare(row, *found, now)
        row.save()


def _compare(row: Watch, version: Article, title: str, now: datetime) -> None:
    """Note what is other than at the last look. Which headline a page had is known from then on."""
    is_retitled = bool(row.title) and title != row.title
    if version.pk != row.current_id or is_retitled:
        before = Article.objects.get(pk=row.current_id)
        passages = comparing.passages(before.text, version.text)
        titles = {"old_title": row.title, "new_title": title} if is_retitled else {}
        _note(
            row, Revision.Kind.CHANGED, now, before=before, after=version,
            words=comparing.words(passages), **titles,
        )  # fmt: skip
    row.current, row.title = version, title


def _not_found(held: Watch, error: NotGathered) -> None:
    """Write that a look did not find the article. Twice in a row, or gone for good, it is told.

    A site that fails or forbids says nothing of its page, and is asked again at its next time.
    """
    with _still_held(held) as row:
        if row is None:
            return
        now = polling.clock()
        row.looked_at, row.error = now, str(error)
        row.next_look_at = max(_next(row, now), now + timedelta(seconds=error.after))
        if error.other or error.answer in (404, polling.GONE):
            row.doubts += 1
            if row.doubts == 1 and error.answer != polling.GONE:
                row.next_look_at, row.ended_at = now + DOUBT, None
            elif row.gone_at is None:
                row.gone_at, row.etag, row.last_modified = now, "", ""
                _note(row, Revision.Kind.GONE, now, why=str(error))
        row.save()


def _note(row: Watch, kind: Revision.Kind, at: datetime, **told: object) -> None:
    Revision.objects.create(article_id=row.article_id, kind=kind, seen_at=at, **told)
