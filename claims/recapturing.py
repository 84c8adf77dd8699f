"""What stands at the address of a cited page now, against the copy that is kept of it.

Bytes are compared first, then what can be read of both: advertisements and tokens are no change of
a page. The copy stays as it is; other words become a further copy beside it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from claims import archiving, comparing, gathering, reading
from claims.comparing import Change
from claims.fetching import Fetched
from claims.gathering import NotGathered
from claims.models import Capture
from claims.photographing import PAGES

ALIKE = 0.5  # share of the shorter text's words in the other, from which they are versions


class Incomparable(Exception):
    """What stands there cannot be compared with its copy; the message says why."""


@dataclass(frozen=True, slots=True)
class Later:
    """Other words than the copy has, or other bytes where no text can be read of them.

    :ivar capture: the further copy, which is no row yet; its bytes lie on the shelf.
    :ivar old_title: with `new_title` the headlines, if they differ.
    """

    capture: Capture
    passages: tuple[tuple[Change, ...], ...] = ()
    words: int = 0
    old_title: str = ""
    new_title: str = ""


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of bytes; without text, `why` says why there is none."""

    text: str
    title: str
    why: str


def later(copy: Capture, fetched: Fetched) -> Later | None:
    """Return what stands there instead of `copy`; None if that says the same.

    Costs the reading of both, if their bytes differ.

    :raises NotGathered: if something else stands there.
    :raises Incomparable: if the two cannot be compared.
    """
    if hashlib.sha256(fetched.content).hexdigest() == copy.sha256:
        return None
    old, new = _of_copy(copy), _of_answer(fetched)
    if not old.text and copy.media_type in PAGES:  # its bytes may differ with each look
        raise Incomparable(f"What changes in it cannot be told, its copy has no text: {old.why}.")
    if not old.text:
        return Later(_kept(copy.asked, fetched))
    if not new.text:
        raise NotGathered(f"No text stands there: {new.why}.", again=True, other=True)
    recognise(old.text, new.text, address=copy.address or copy.asked, found_at=fetched.url)
    if old.text.split() == new.text.split() and old.title == new.title:
        return None
    titles = ("", "") if old.title == new.title else (old.title, new.title)
    passages = comparing.passages(old.text, new.text)
    return Later(
        _kept(copy.asked, fetched), comparing.brief(passages), comparing.words(passages), *titles
    )


def recognise(old: str, new: str, *, address: str, found_at: str) -> None:
    """Do nothing if one text is a version of the other.

    :raises NotGathered: if too few of their words are the same.
    """
    likeness = comparing.likeness(old, new)
    if likeness < ALIKE:
        moved = reading.canonical(found_at) != reading.canonical(address)
        where = f"It leads to {found_at} now" if moved else "Something else stands there now"
        why = f"{where}: {likeness:.0%} of its words are those that were read."
        raise NotGathered(why, again=True, other=True)


def _of_copy(copy: Capture) -> _Read:
    try:
        content = archiving.content_of(copy)
    except archiving.Missing as error:
        raise Incomparable(f"What changes in it cannot be told, of its copy {error}.") from error
    declared = (value for name, value in copy.response_headers if name.lower() == "content-type")
    return _read(content, copy.address or copy.asked, next(declared, copy.media_type))


def _of_answer(fetched: Fetched) -> _Read:
    return _read(fetched.content, fetched.url, fetched.header("content-type"))


def _read(content: bytes, location: str, media_type: str) -> _Read:
    name = unquote(urlsplit(location).path).rsplit("/", 1)[-1]
    found = reading.read_apart(content, name=name, media_type=media_type, location=location)
    texts = [document.text for document in found.documents]
    why = "; ".join(failure.why for failure in found.failures)
    return _Read("\n".join(texts), found.documents[0].title if texts else "", why)


def _kept(asked: str, fetched: Fetched) -> Capture:
    """The answer as a copy that is no row yet; its bytes lie on the shelf.

    :raises NotGathered: if they cannot be kept.
    """
    try:
        sha256 = archiving.keep(fetched.content)
    except archiving.Unkept as error:
        raise NotGathered(f"It cannot be stored: {error}.", again=True) from error
    return Capture(
        asked=asked, state=Capture.State.KEPT, sha256=sha256, size=len(fetched.content),
        media_type=fetched.media_type[:100], **gathering.exchange(fetched),
    )  # fmt: skip
