"""Many files or addresses handed in at once: taken in one by one, with a report on each.

The items are the to-do list. What becomes of a document is written in one transaction with the
document itself, under the lock of its file, as soon as it is read: so a worker may die at any
moment, another goes on from there, and the report still tells of each document once, as new if this
import brought it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from math import ceil
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Count, F, Max, Min, Q
from django.db.models.functions import Now
from django.urls import reverse

from claims import archiving, fetching, gathering, hinting, intake, polling, reading
from claims.gathering import NotGathered
from claims.models import Import, ImportItem
from claims.reading import Document, Failure, Unreadable
from claims.stories import inert

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

State = ImportItem.State
Outcomes = Iterator[tuple[int, Document | Failure]]  # of one file or address, by number
HINT_IS_LOST_AFTER = timedelta(minutes=1)
HELD = timedelta(minutes=2)  # longer than it takes to fetch and store an address
HINTS = 1000  # files that are on their way to workers
ATTEMPTS = 3
DIED = f"It was begun {ATTEMPTS} times and not finished once."
COLUMNS = ("file", "outcome", "article", "title", "why")
MOST_ADDRESSES = 5000  # that are handed in together
HOSTS = 40  # at which workers are on their way to ask, one address each
OF_ONE_IMPORT = 20  # of them
LONGEST_WAIT = 3600  # seconds until an address is tried again; who wants more is not waited for
NO_ADDRESS = "This is not a web address."
RATED_OVER = timedelta(seconds=60)  # how long back the rate of an import looks


@dataclass(frozen=True, slots=True)
class Handed:
    """What was handed in: bytes on the shelf, an address `asked` for, or `why` it was not taken."""

    place: str
    sha256: str = ""
    size: int = 0
    media_type: str = ""
    why: str = ""
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import has come; `waiting` are files and addresses, the others documents.

    :ivar rate: how many were settled in a second, of late; 0 if none were, or all are.
    """

    new: int
    known: int
    failed: int
    waiting: int
    rate: float
    seconds: float  # from its beginning to the last that was settled

    @property
    def done(self) -> int:
        return self.new + self.known + self.failed

    @property
    def all(self) -> int:
        return self.done + self.waiting

    @property
    def percent(self) -> int:
        return 100 * self.done // self.all if self.all else 100

    @property
    def left(self) -> str:
        """How long what waits will take at this rate, in words; "" if that cannot be said yet."""
        return in_words(self.waiting / self.rate) if self.rate and self.waiting else ""

    @property
    def took(self) -> str:
        """How long it took so far, in words."""
        return in_words(self.seconds)


def in_words(seconds: float) -> str:
    """Return a length of time as people say it, rounded up."""
    size, unit = next(
        ((size, unit) for size, unit in ((3600, "hour"), (60, "minute")) if seconds > 2 * size),
        (1, "second"),
    )
    many = max(ceil(seconds / size), 1)
    return f"{many} {unit}{'s' * (many > 1)}"


def asked_for(lines: str) -> list[Handed]:
    """Return the web addresses in `lines`, one on each, each once; and what is none, with why.

    :raises Unreadable: if there is no address among them, or too many are.
    """
    found: dict[str, Handed] = {}
    for line in filter(None, map(str.strip, lines.splitlines())):
        one = _asked_for(line)
        found.setdefault(reading.canonical(one.asked) or one.place, one)
        if len(found) > MOST_ADDRESSES:
            raise Unreadable(f"More than {MOST_ADDRESSES:,} addresses at once: hand in fewer.")
    handed = list(found.values())
    if not any(one.asked for one in handed):
        first = f" The first line: {handed[0].why}" if handed else ""
        raise Unreadable(f"There is no web address in it, one on each line.{first}")
    return handed


def _asked_for(line: str) -> Handed:
    place = reading.label(line, 2000)
    written = line if "://" in line else f"https://{line}"
    try:
        fetching.check_address(written)
    except fetching.Refused as error:
        return Handed(place, why=str(error))
    address = reading.web_address(written)
    return Handed(place, asked=address) if address else Handed(place, why=NO_ADDRESS)


@transaction.atomic
def begin(files: Sequence[Handed], *, by: AbstractUser) -> Import:
    """Note what is to be taken in by workers; the bytes of files are on the shelf."""
    batch = Import.objects.create(by_id=by.pk)
    ImportItem.objects.bulk_create(
        [
            ImportItem(
                batch=batch,
                place=file.place,
                asked=file.asked,
                host=polling.host_of(file.asked),
                sha256=file.sha256,
                size=file.size,
                media_type=file.media_type[:100],
                why=file.why,
                state=State.FAILED if file.why else State.WAITING,
                settled_at=Now() if file.why else None,
            )
            for file in files
        ],
        batch_size=500,
    )
    return batch


def hint() -> list[int]:
    """Return the files that a worker should take in now, and note that it was told."""
    files = ImportItem.objects.due().filter(host="").order_by("pk")
    return hinting.hint(files, most=HINTS, lost_after=HINT_IS_LOST_AFTER)


def hint_addresses() -> list[int]:
    """Return the addresses that a worker should fetch now, one of each host; note it was told.

    The imports take turns, so that a long one does not keep a short one waiting.
    """
    due = ImportItem.objects.due().exclude(host="")
    first = due.order_by("host", "next_try_at", "pk").distinct("host")
    rows = ImportItem.objects.filter(pk__in=first.values("pk"))
    turns = hinting.in_turns(rows, of="batch", most=OF_ONE_IMPORT)
    return hinting.hint(due, most=HOSTS, lost_after=HINT_IS_LOST_AFTER, turns=turns)


def take_in(*, item_id: int, is_late: Callable[[], bool] = lambda: False) -> bool:
    """Take in one file of an import; return whether there is nothing left to do here.

    Safe to repeat, and twice at once: then the second leaves it to the first. Of a bundle one
    document more is taken in with each call, whatever `is_late` says; what it leaves undone waits
    for another call, and nothing is read again. Never raises for what the file holds.
    """
    with _alone(item_id) as is_ours:
        item = _begun(item_id) if is_ours else None
        if item is None:
            return True
        with closing(_read(item)) as outcomes:
            return _take(item, outcomes, is_late)


def gather(*, item_id: int) -> bool:
    """Fetch and take in one address of an import, if its turn has come; return if it is settled.

    As its site allows: what it lets machines read, one request at a time. What may be had later
    waits. Safe to repeat and twice at once; whatever goes wrong is written into the row.
    """
    item = _begun(item_id, held=HELD)
    if item is None:
        return not ImportItem.objects.waiting().filter(pk=item_id).exists()
    try:
        fetched = polling.ask(item.asked, None)
    except polling.NotNow as wait:
        _put_off(item, wait.seconds, attempts=item.attempts - 1)
        return False
    except NotGathered as error:
        return _not_gathered(item, error)
    found = gathering.read(fetched, asked=item.asked)
    return _take(item, enumerate([*found.documents, *found.failures]), lambda: False)


def _begun(item_id: int, *, held: timedelta = timedelta()) -> ImportItem | None:
    """The item, one attempt more, and nobody else's for as long as it is `held`.

    None if it is settled, its turn has not come, or it was begun too often. From now on its hint is
    not lost.
    """
    due = ImportItem.objects.due().filter(pk=item_id)
    begun = due.filter(attempts__lt=ATTEMPTS)
    begins = {"attempts": F("attempts") + 1, "next_try_at": Now() + held, "hinted_at": Now()}
    if begun.update(**begins):
        return ImportItem.objects.get(pk=item_id)
    due.filter(attempts__gte=ATTEMPTS).update(state=State.FAILED, why=DIED, settled_at=Now())
    return None


def _put_off(item: ImportItem, seconds: float, *, attempts: int) -> None:
    """Let it be told of again in so many seconds."""
    ImportItem.objects.waiting().filter(pk=item.pk).update(
        attempts=attempts, next_try_at=Now() + timedelta(seconds=seconds), hinted_at=None
    )


def _not_gathered(item: ImportItem, error: NotGathered) -> bool:
    """Try again later what may be had then; else write why there is no article."""
    wait = max(error.after, 60 * 4 ** (item.attempts - 1))
    if error.again and item.attempts < ATTEMPTS and wait <= LONGEST_WAIT:
        _put_off(item, wait, attempts=item.attempts)
        return False
    return _take(item, iter([(0, Failure(item.place, str(error)))]), lambda: False)


def _take(item: ImportItem, outcomes: Outcomes, is_late: Callable[[], bool]) -> bool:
    """Settle a file or an address by all that is in it; return whether all of it is settled."""
    taken = set(item.members.values_list("nth", flat=True))
    if not taken:
        first, others = _first_of(item, outcomes)
        if others is None:
            with transaction.atomic():
                if locked := _lock(item):
                    _settle(locked, first[1])
            return True
        outcomes = chain([first], others)
    for nth, outcome in outcomes:
        _take_member(item, nth, outcome)
        taken.add(nth)
        if is_late():
            return False
    return _opened(item, taken)


@transaction.atomic
def _opened(item: ImportItem, taken: set[int]) -> bool:
    """Note that all of a bundle was read; not if some of what was `taken` is to be tried again."""
    locked = _lock(item)
    if locked is None:
        return True
    if taken - set(locked.members.values_list("nth", flat=True)):
        return False
    locked.state, locked.settled_at = State.OPENED, Now()
    locked.save(update_fields=["state", "settled_at"])
    return True


def _first_of(
    item: ImportItem, outcomes: Outcomes
) -> tuple[tuple[int, Document | Failure], Outcomes | None]:
    """What a file holds first, and the others; None if there are none.

    If the time for the second runs out, the first is taken in all the same.
    """
    first = next(outcomes)
    try:
        second = next(outcomes, None)
    except BaseException:
        _take_member(item, *first)
        raise
    return first, chain([second], outcomes) if second else None


@transaction.atomic
def retry(batch: Import) -> int:
    """Put what failed and can be tried again back on the list; return how many documents.

    Also of a bundle that a worker is still at: it reads those again, too, before it is done.
    """
    failed = batch.items.failed().exclude(sha256="", asked="", inside__isnull=True)
    files = {inside or pk for pk, inside in failed.values_list("pk", "inside_id")}
    locked = ImportItem.objects.filter(pk__in=files).order_by("pk").select_for_update()
    files = set(locked.values_list("pk", flat=True))  # before what is in them, as workers do
    of_these = failed.filter(Q(pk__in=files) | Q(inside__in=files))
    rows = list(of_these.values_list("pk", "inside_id"))
    ImportItem.objects.filter(pk__in=[pk for pk, inside in rows if inside]).delete()
    ImportItem.objects.filter(pk__in={inside or pk for pk, inside in rows}).update(
        state=State.WAITING, why="", attempts=0, next_try_at=Now(), hinted_at=None,
        settled_at=None,
    )  # fmt: skip
    return len(rows)


def progress(batch: Import) -> Progress:
    """Return how far an import has come. One query."""
    items = batch.items.reported()
    late = Q(settled_at__gte=Now() - RATED_OVER) & ~Q(state=State.WAITING)
    found = items.aggregate(
        **{state: Count("pk", Q(state=state)) for state in ("new", "known", "failed", "waiting")},
        recent=Count("pk", late),
        first=Min("settled_at", filter=late),
        last=Max("settled_at"),
        now=Max(Now()),
    )
    last, first, now = found.pop("last"), found.pop("first"), found.pop("now")
    recent = found.pop("recent")
    spent = (now - max(batch.begun_at, now - RATED_OVER)).total_seconds() if first else 0.0
    rate = recent / max(spent, 1.0) if found["waiting"] else 0.0
    return Progress(**found, rate=rate, seconds=_between(batch.begun_at, last))


def report(batch: Import) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the report, by `COLUMNS`, in the order of its files."""
    rows = batch.items.reported().select_related("article").defer("article__text")
    for item in rows.order_by("pk").iterator(chunk_size=500):
        ref, title = (item.article.ref, item.article.title) if item.article else ("", "")
        yield item.place, item.get_state_display(), ref, title, item.why


def outcome(batch: Import) -> dict[str, Any]:
    """Return what became of an import so far, as plain values for JSON. Three queries.

    Its articles and errors have the names that `handing.told` gives them.
    """
    items = batch.items.reported().order_by("pk")
    taken = items.filter(article__isnull=False).values_list("article__ref", "state", "place")
    failed = items.failed().values_list("place", "why")
    return {
        "articles": [
            {"ref": ref, "new": state == State.NEW, "place": place} for ref, state, place in taken
        ],
        "errors": [{"field": place, "why": why} for place, why in failed],
        "waiting": items.waiting().count(),
    }


def as_csv(batch: Import, *, address: str) -> str:
    """The report as CSV, with the address of each article here under `address`."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(COLUMNS)
    for place, outcome, ref, title, why in report(batch):
        url = f"{address}{reverse('claims:article', args=[ref])}" if ref else ""
        writer.writerow(map(inert, (place, outcome, url, title, why)))
    return lines.getvalue()


def _read(item: ImportItem) -> Generator[tuple[int, Document | Failure], None, None]:
    """What is in a file and not settled yet, one by one, as it is read."""
    settled = list(item.members.values_list("nth", flat=True))
    try:
        content = archiving.content_at(item.sha256)
    except archiving.Missing as missing:
        yield max(settled, default=-1) + 1, Failure(item.place, str(missing))
        return
    yield from reading.read_each_apart(
        content, name=item.place, media_type=item.media_type, place=item.place, passed=settled
    )


def _take_member(item: ImportItem, nth: int, outcome: Document | Failure) -> None:
    """Note and settle one document of a bundle, unless that was done. It made headway, so the
    bundle has all its attempts again, and no other worker is told of it."""
    with transaction.atomic():
        locked = _lock(item)
        if locked is None or locked.members.filter(nth=nth).exists():
            return
        member = ImportItem(batch_id=item.batch_id, inside=locked, nth=nth, place=outcome.place)
        _settle(member, outcome)
        ImportItem.objects.filter(pk=item.pk).update(attempts=0, hinted_at=Now())


@contextmanager
def _alone(item_id: int) -> Iterator[bool]:
    """Be the only one at a file, if nobody is yet: a lock that ends with its holder, however."""
    lock = "'claims_importitem'::regclass::oid::int, (%s %% 2147483647)::int"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_lock({lock})", [item_id])
        (is_ours,) = cursor.fetchone()
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT pg_advisory_unlock({lock})", [item_id])


def _lock(item: ImportItem) -> ImportItem | None:
    """The row under its lock; None if another worker settled it."""
    return ImportItem.objects.waiting().select_for_update().filter(pk=item.pk).first()


def _settle(item: ImportItem, outcome: Document | Failure) -> None:
    """Store what was read, and write what became of it; the caller holds the lock of its file."""
    item.settled_at = Now()
    try:
        if isinstance(outcome, Failure):
            raise Unreadable(outcome.why)
        receipt = intake.store(outcome)
    except Unreadable as error:
        item.state, item.why = State.FAILED, str(error)
    else:
        item.state = State.NEW if receipt.is_new else State.KNOWN
        item.article, item.why = receipt.article, ""
    item.save()


def _between(begun: datetime, last: datetime | None) -> float:
    return max((last - begun).total_seconds(), 0.0) if last else 0.0


def handed_in(files: Iterable[tuple[str, Callable[[], bytes]]]) -> Iterator[Handed]:
    """Put files on the shelf one by one: by name, with what reads their bytes."""
    for name, read in files:
        place, content = reading.label(name, 2000), read()
        try:
            yield Handed(place, archiving.keep(content), len(content))
        except archiving.Unkept as error:
            yield Handed(place, size=len(content), why=str(error))
