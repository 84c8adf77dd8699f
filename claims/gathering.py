"""An address becomes articles: fetched, read and stored, with all that was asked and answered.

As somebody's browser would ask for it. What comes by itself asks `polling` first, whose turn it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from django.utils import timezone

from claims import fetching, intake, reading
from claims.fetching import Fetched, Limits, Validators
from claims.intake import Intake
from claims.reading import UNKNOWN_SOURCE, Document, Failure, Reading, Received, Unreadable

LONGEST_WAIT = 86_400  # seconds that a site can make us wait
# Headers that let somebody in or follow them: not kept.
SECRET = {"authorization", "cookie", "proxy-authorization", "set-cookie"}
MEANINGS = {
    401: "it asks for a password", 402: "it asks for money", 403: "it refuses us",
    404: "there is no such page", 410: "the page is gone for good", 429: "we come too often",
    451: "it is withheld for legal reasons",
}  # fmt: skip
_PASSING = (408, 425, 429)
# What these say of their outlet stands among facts at their head, for files that are handed in.
NAMED_BY_HOST = {"text/plain", "text/markdown"}
_Pairs = tuple[tuple[str, str], ...]


class NotGathered(Exception):
    """Nothing came of an address; the message is a sentence for people.

    `again` says whether it may later, `after` how many seconds the site wants us to wait, `answer`
    the status it answered with, 0 if none, `other` that something else stands there.
    """

    def __init__(
        self, why: str, *, again: bool, after: int = 0, answer: int = 0, other: bool = False
    ) -> None:
        super().__init__(why)
        self.again = again
        self.after = after
        self.answer = answer
        self.other = other


def receive(url: str) -> Intake:
    """Store the article at `url`, with its bytes and the exchange that brought them.

    Costs up to 15 seconds. Never raises for what stands there: `failures` says why there is none.
    """
    try:
        fetched = ask(url)
    except NotGathered as error:
        return Intake(failures=(Failure(reading.label(url, reading.LONGEST_URL), str(error)),))
    return take_in(fetched, asked=url)


def ask(
    url: str, *, conditional: Validators | None = None, limits: Limits | None = None,
    on_redirect: Callable[[str], object] | None = None,
) -> Fetched:  # fmt: skip
    """Return what stands at `url`; unchanged and without content if `conditional` still holds.

    :param on_redirect: is told of each address before it is followed, and may raise.
    :raises NotGathered: if there is no page to be had.
    """
    try:
        fetched = fetching.fetch(
            url, conditional=conditional, limits=limits, on_redirect=on_redirect
        )
    except fetching.Refused as error:
        raise NotGathered(str(error), again=False) from error
    except fetching.Unreachable as error:
        raise NotGathered(str(error), again=True) from error
    if fetched.ok or (fetched.unchanged and conditional):
        return fetched
    status = fetched.status
    meaning = MEANINGS.get(status, "the site fails" if status >= 500 else "that is no page")
    raise NotGathered(
        f"It answers {status}: {meaning}.", again=status >= 500 or status in _PASSING,
        after=retry_after(fetched), answer=status,
    )  # fmt: skip


def take_in(
    fetched: Fetched, *, asked: str, source: str = "", published_on: date | None = None
) -> Intake:
    """Read and store what was fetched.

    :param asked: the address that was asked for, which messages and snapshots name.
    :param source: who publishes it, as people say; "" is as the page says.
    :param published_on: its day, for a page that names none.
    """
    found = read(fetched, asked=asked, source=source, published_on=published_on)
    return intake.store_all(found, vouched=bool(source))


def read(
    fetched: Fetched, *, asked: str, source: str = "", published_on: date | None = None
) -> Reading:
    """Read what was fetched, as `take_in` does, without storing it: one document or one failure.

    Where it stands is what was asked for and where that led, whatever it says of itself. A bundle
    or a mail is none: it would say so of others, and nobody looks at it before it is stored.
    """
    place, media_type = reading.label(asked, reading.LONGEST_URL), fetched.header("content-type")
    name = unquote(urlsplit(fetched.url).path).rsplit("/", 1)[-1]
    try:
        name = reading.called(fetched.content, name=name, media_type=media_type)
    except Unreadable as error:
        return Reading(failures=(Failure(place, str(error)),))
    found = reading.read_apart(
        fetched.content, name=name, media_type=media_type, location=fetched.url, place=place
    )
    documents = [_told(one, fetched, source, published_on) for one in found.documents]
    return replace(found, documents=tuple(documents))


def retry_after(fetched: Fetched) -> int:
    """Return the seconds that the site asks us to wait, by seconds or date; 0 if it does not."""
    value = fetched.header("retry-after").strip()
    if value.isdecimal() and value.isascii():
        return min(int(value[:9]), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(value)
        left = (until - timezone.now()).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0
    return max(0, min(round(left), LONGEST_WAIT))


def exchange(fetched: Fetched) -> dict[str, Any]:
    """Return where, when and by what exchange something came, by the names of the columns."""
    return {
        "address": fetched.url[:2000], "taken_at": fetched.fetched_at,
        "request_headers": _asked_with(fetched), "response_headers": _answered_with(fetched),
    }  # fmt: skip


def _told(document: Document, fetched: Fetched, source: str, day: date | None) -> Document:
    """`document` with where it stands and how it came, and with what is known of it besides."""
    read_as = document.received.media_type if document.received else fetched.media_type
    received = Received(fetched.content, read_as, **exchange(fetched))
    document = replace(document, received=received, url=fetched.url, demo=False)
    if read_as in NAMED_BY_HOST or document.source == UNKNOWN_SOURCE:
        host = reading.host_of(fetched.url) or UNKNOWN_SOURCE
        document = replace(document, source=host, guessed=document.guessed | {"source"})
    if source:
        document = intake.corrected(document, source=source)
    if day and not document.published_on:
        document = replace(document, published_on=day, guessed=document.guessed | {"published_on"})
    return document


def _asked_with(fetched: Fetched) -> _Pairs:
    """The last request as it is stored: what was asked for (`:path`), and its headers."""
    parts = urlsplit(fetched.url)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return ((":path", reading.label(path, 8000)), *_kept_headers(fetched.sent))


def _answered_with(fetched: Fetched) -> _Pairs:
    """The answer as it is stored: each address that led elsewhere (`:redirect`), the status
    (`:status`), the IP address that answered (`:server`), and its headers.
    """
    led = ((":redirect", reading.label(f"{r.status} {r.url}", 8000)) for r in fetched.redirects)
    told = ((":status", str(fetched.status)), (":server", fetched.address))
    return (*led, *told, *_kept_headers(fetched.headers))


def _kept_headers(headers: _Pairs) -> _Pairs:
    """The headers as they are stored: bounded, and without what lets somebody in."""
    return tuple(
        (reading.label(name, 200), reading.label(value, 8000))
        for name, value in headers[:200]
        if name.lower() not in SECRET
    )
