"""Pages are fetched again, to see whether they changed after they were read.

The article as read stays with its text and every offset into it. Other words at its address are a
later version, stored as an article of its own that `revises` it, with its bytes and analysis; the
`Revision` row tells from what to what. Of a cited page the kept copy stays, and other words are a
further copy (`recapturing`). The first look that does not find what was read is doubted: it is told
only when the next one does not either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet

from claims import comparing, gathering, hinting, intake, polling, reading, recapturing
from claims.comparing import Change
from claims.fetching import Fetched, Validators
from claims.gathering import NotGathered
from claims.models import Article, Capture, Claim, Revision, Watch
from claims.reading import Document, Unreadable
from claims.recapturing import Later

# Hours after the beginning at which a page is looked at: corrections come within a day or two,
# what is taken back silently within weeks.
TIMETABLE = (1, 3, 6, 12, 24, 48, 96, 168, 336, 720, 1440, 2160)
DOUBT = timedelta(hours=1)  # until a page that did not show the article is looked at again
HINTS = 40  # that are on their way
SHOWN = 50  # changes of a page, or of the pages of a claim
NEWEST = 3  # of the changes of a claim's pages that are shown word by word
OF_A_COPY = 10  # changes of a cited page that are shown with its copy


class Version(NamedTuple):
    """What an article's page says now: the article of those words, and the headline above them."""

    article: Article
    title: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A change as people read it: the passages that differ, word by word."""

    revision: Revision
    passages: tuple[tuple[Change, ...], ...] = ()


def watch(articles: Iterable[Article], *, since: datetime, copies: Iterable[Capture] = ()) -> None:
    """Look at the pages of `articles`, and those of which `copies` are kept, from `since` on.

    Only what was fetched from its page is watched: a file that somebody saved differs from it in
    other ways, too. A watch that began earlier begins anew.
    """
    fetched = [row for row in articles if row.url and reading.canonical(row.url)]
    kept = [row for row in copies if row.state == Capture.State.KEPT]
    rows = [Watch(article=row, current=row) for row in fetched]
    rows += [Watch(capture=row, current_capture=row) for row in kept]
    first = since + timedelta(hours=TIMETABLE[0])
    for row in rows:
        row.host, row.since, row.next_look_at = polling.host_of(row.address), since, first
    Watch.objects.bulk_create(rows, ignore_conflicts=True)
    of_these = Q(article__in=fetched) | Q(capture__in=kept)
    earlier = Watch.objects.filter(of_these, since__lt=since)
    earlier.update(since=since, next_look_at=first, ended_at=None)


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
        fetched = polling.ask(row.address, Validators(row.etag, row.last_modified))
        found = None if fetched.unchanged else _standing(row, fetched)
    except polling.NotNow as wait:
        with _still_held(row) as now:
            if now:
                now.next_look_at = polling.clock() + timedelta(seconds=wait.seconds)
                now.save()
        return False
    except NotGathered as error:
        _not_found(row, error)
    except recapturing.Incomparable as error:
        _found(row, fetched, None, but=str(error))
    else:
        _found(row, fetched, found)
    return True


def changes_of(claim: Claim, *, cited: Iterable[str] = ()) -> list[Shown]:
    """Return how the pages in which `claim` appears changed, the newest first: up to two queries.

    The first `NEWEST` are told word by word, in brief.

    :param cited: addresses of other pages, which count if they are those of articles.
    """
    pages = Q(article__in=claim.appearances.current().values("article"))
    if spelled := {one for address in cited for one in (address, reading.canonical(address))}:
        at = Article.objects.filter(Q(canonical_url__in=spelled) | Q(url__in=spelled))
        pages |= Q(article__in=at.values("pk"))
    found = _changes(pages)
    newest = _shown(found[:NEWEST])
    in_brief = [replace(one, passages=comparing.brief(one.passages)) for one in newest]
    return in_brief + [Shown(one) for one in found[NEWEST:]]


def changes_in(article: Article) -> list[Shown]:
    """Return how the page of `article` changed since it was read, the newest first."""
    return _shown(_changes(Q(article=article)))


def differences(revision: Revision) -> list[list[dict[str, str]]]:
    """Return what differs, in brief and as `Revision.passages` has it. Reads both texts."""
    if revision.before is None or revision.after is None:
        kept: list[list[dict[str, str]]] = revision.passages
        return kept
    return _as_kept(comparing.brief(comparing.passages(revision.before.text, revision.after.text)))


def changes_of_copies() -> QuerySet[Revision]:
    """Return how cited pages changed after their copies were kept, to be fetched with these."""
    return Revision.objects.select_related("after_capture").order_by("-pk")[:OF_A_COPY]


def note_told(revisions: Iterable[Revision], *, at: datetime) -> None:
    """Note that those whom these changes concern were told."""
    Revision.objects.filter(pk__in=[one.pk for one in revisions]).update(told_at=at)


def _as_kept(passages: Iterable[Iterable[Change]]) -> list[list[dict[str, str]]]:
    return [[asdict(one) for one in passage] for passage in passages]


def _changes(those: Q) -> list[Revision]:
    rows = Revision.objects.filter(those).select_related("article__source", "before", "after")
    without = rows.defer("article__text", "before__text", "after__text")
    return list(without.order_by("-pk")[:SHOWN])


def _shown(revisions: list[Revision]) -> list[Shown]:
    """The same word by word: one query for all texts, none if nothing but gone pages is told."""
    pairs = [(one.before_id, one.after_id) for one in revisions]
    rows = Article.objects.filter(pk__in={pk for pair in pairs for pk in pair if pk})
    texts = dict(rows.values_list("pk", "text"))
    found = [
        comparing.passages(texts[old], texts[new]) if old and new else [] for old, new in pairs
    ]
    return [Shown(one, tuple(passages)) for one, passages in zip(revisions, found, strict=True)]


# A look


@transaction.atomic
def _hold(pk: int) -> Watch | None:
    pages = ("article__source", "current", "capture", "current_capture")
    rows = Watch.objects.due().filter(pk=pk).select_related(*pages)
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


def _standing(row: Watch, fetched: Fetched) -> Version | Later | None:
    """What stands there now, stored if it is new: of an article the version, of a cited page what
    differs from its newest copy; None if that says the same.

    :raises NotGathered: if what stands there is not what was read.
    """
    if row.current_capture:
        return recapturing.later(row.current_capture, fetched)
    article, current = row.article, row.current
    return _version(article, current, fetched) if article and current else None


def _version(article: Article, current: Article, fetched: Fetched) -> Version:
    document = _document(article, fetched)
    recapturing.recognise(current.text, document.text, address=article.url, found_at=fetched.url)
    if document.text.split() == current.text.split():
        return Version(current, document.title)
    try:
        return Version(intake.store(document).article, document.title)
    except Unreadable as error:
        raise NotGathered(f"It cannot be stored: {error}.", again=True) from error


def _document(article: Article, fetched: Fetched) -> Document:
    """What stands there, as a version of the watched article whatever it calls itself now."""
    found = gathering.read(fetched, asked=article.url, source=article.source.name)
    if not found.documents:
        why = "; ".join(failure.why for failure in found.failures) or "there is nothing in it"
        raise NotGathered(f"No article stands there: {why}.", again=True, other=True)
    address = article.canonical_url or article.url
    return replace(found.documents[0], url=article.url, canonical=address)


def _found(held: Watch, fetched: Fetched, found: Version | Later | None, *, but: str = "") -> None:
    """Write what one look found; `found` is None if nothing changed, or nobody can say so."""
    with _still_held(held) as row:
        if row is None:
            return
        now = polling.clock()
        row.looked_at, row.doubts, row.error = now, 0, but
        row.next_look_at = _next(row, now)
        if row.gone_at:
            row.gone_at = None
            _note(row, Revision.Kind.BACK, now)
        if not fetched.unchanged:
            etag, last_modified = fetched.validators
            keep = len(etag) <= 500 and len(last_modified) <= 100
            row.etag, row.last_modified = (etag, last_modified) if keep else ("", "")
        if isinstance(found, Later):
            _keep(row, found, now)
        elif found:
            _compare(row, *found, now)
        row.save()


def _keep(row: Watch, found: Later, now: datetime) -> None:
    """Store the further copy of a cited page, and note how it differs from the one before."""
    found.capture.save(force_insert=True)
    _note(
        row, Revision.Kind.CHANGED, now, words=found.words,
        before_capture_id=row.current_capture_id, after_capture=found.capture,
        passages=_as_kept(found.passages),
        old_title=found.old_title, new_title=found.new_title,
    )  # fmt: skip
    row.current_capture = found.capture


def _compare(row: Watch, version: Article, title: str, now: datetime) -> None:
    """Note what is other than at the last look. Which headline a page had is known from then on."""
    is_retitled = bool(row.title) and title != row.title
    is_other = is_retitled or version.pk != row.current_id
    if is_other and (before := row.current):
        passages = comparing.passages(before.text, version.text)
        titles = {"old_title": row.title, "new_title": title} if is_retitled else {}
        _note(
            row, Revision.Kind.CHANGED, now, before=before, after=version,
            words=comparing.words(passages), **titles,
        )  # fmt: skip
    row.current, row.title = version, title


def _not_found(held: Watch, error: NotGathered) -> None:
    """Write that a look did not find what was read. Twice in a row, or gone for good, it is told.

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
    Revision.objects.create(
        article_id=row.article_id, capture_id=row.capture_id, kind=kind, seen_at=at, **told
    )
