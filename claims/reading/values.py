"""What reading gives back, and the limits on what is read.

Every limit stands here with its reason. They are generous for news and small for attacks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime

LARGEST = 10_000_000  # bytes of one document; the longest articles are under 1 MB with markup
LARGEST_BUNDLE = 100_000_000  # bytes of a zip or WARC handed in, and of all that it unpacks to
MOST_MEMBERS = 5_000  # documents of one bundle; larger collections are handed in as folders
DEEPEST = 2  # bundles in bundles: a zip of mails with attachments needs two
HIGHEST_RATIO = 200  # unpacked to packed; text packs 3 to 10 times, a bomb a thousand times
LONGEST_TITLE = 500  # characters, as the others below: what the rows hold
LONGEST_SOURCE = 200
LONGEST_AUTHOR = 300
LONGEST_LICENCE = 300
LONGEST_URL = 2000
LONGEST_LANGUAGE = 8
LONGEST_LABEL = 200  # of a member's name in messages

UNKNOWN_SOURCE = "Unknown source"

_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which UTF-8 cannot write
# Controls that reorder what stands around them; in a label of one line they are written out.
_REORDERING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Unreadable(Exception):
    """Something cannot become an article; the message names it and says why."""


class TooMuch(Unreadable):
    """A bundle goes beyond a limit: nothing further of it is read."""


@dataclass(frozen=True, slots=True)
class Received:
    """The bytes a document was read from, and how they came, as far as that is known."""

    content: bytes
    media_type: str
    address: str = ""  # where they were found in the end
    taken_at: datetime | None = None  # when, if the container says so
    request_headers: tuple[tuple[str, str], ...] = ()
    response_headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """What was read: text, and what is known of where it comes from. Unknown is ""/None.

    `guessed` names the fields that the document did not declare but that were worked out from it.
    `place` is the name of what it was read from, as in "report.zip › page 3.html".
    """

    text: str
    title: str
    source: str
    url: str = ""
    published_on: date | None = None
    language: str = ""
    demo: bool = False
    author: str = ""
    licence: str = ""
    canonical: str = ""  # the address it gives itself
    guessed: frozenset[str] = frozenset()
    place: str = ""
    received: Received | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that was not read, by name, and why."""

    place: str
    why: str

    def __str__(self) -> str:
        return f"{self.place}: {self.why}"


@dataclass(frozen=True, slots=True)
class Reading:
    """All that came of the bytes handed in, in their order."""

    documents: tuple[Document, ...] = ()
    failures: tuple[Failure, ...] = ()


@dataclass(slots=True)
class Course:
    """How far the reading of one thing has come: all that comes of it is numbered, from 0.

    :ivar passed: numbers of documents that are not read, because somebody has them already.
    :ivar closed: numbers and places of what is not even opened.
    :ivar begins: told of everything before it is opened, and of each document again before it is
        read: number, place, size in bytes, whether it is read.
    """

    passed: Collection[int] = frozenset()
    closed: Collection[tuple[int, str]] = frozenset()
    begins: Callable[[int, str, int, bool], None] | None = None
    number: int = 0

    def opens(self, place: str, size: int) -> bool:
        """Return whether what comes next is opened: then it begins."""
        return (self.number, place) not in self.closed and self._begins(place, size, is_read=False)

    def reads(self, place: str, size: int) -> bool:
        """Return whether the document that was opened is read: then it begins."""
        return self.number not in self.passed and self._begins(place, size, is_read=True)

    def _begins(self, place: str, size: int, *, is_read: bool) -> bool:
        if self.begins:
            self.begins(self.number, place, size, is_read)
        return True


@dataclass(slots=True)
class Budget:
    """What may still be unpacked from one bundle, however it is nested."""

    members: int = MOST_MEMBERS
    unpacked: int = LARGEST_BUNDLE
    depth: int = 0
    course: Course = field(default_factory=Course)

    def take(self, size: int) -> None:
        """Count one member of `size` bytes.

        :raises TooMuch: if it is one too many.
        """
        if self.members < 1:
            raise TooMuch(f"more than {MOST_MEMBERS:,} documents in it; the rest is not read")
        if size > self.unpacked:
            raise TooMuch(
                f"it unpacks to more than {LARGEST_BUNDLE // 1_000_000} MB; the rest is not read"
            )
        self.members -= 1
        self.unpacked -= size


@dataclass(frozen=True, slots=True)
class Given:
    """Bytes to be read, with what their sender says of them."""

    content: bytes
    name: str  # a label: it is never opened
    media_type: str = ""
    location: str = ""  # the address they came from, if any
    place: str = ""
    budget: Budget = field(default_factory=Budget)

    @property
    def suffix(self) -> str:
        """What the name ends in, as ".html"."""
        last = re.split(r"[/\\]", self.name)[-1]
        _, dot, ending = last.rpartition(".")
        return f".{ending.lower()}" if dot else ""

    @property
    def stem(self) -> str:
        """The name without folders and ending, as a label."""
        last = re.split(r"[/\\]", self.name)[-1]
        return label(last.rpartition(".")[0] or last, LONGEST_LABEL)


def clean(text: str) -> str:
    """Return `text` as it is stored: composed characters, plain newlines, no NUL, no surrogates.

    All else stays, also what cannot be seen: pages show it.
    """
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text).replace("\0", "␀")


def label(text: str, longest: int) -> str:
    """Return `text` as one line that cannot reorder a page, cut at `longest` characters.

    Controls that turn the direction of writing are written out, as ⟨U+202E⟩.
    """
    line = " ".join(_CONTROL.sub(" ", clean(text)).split())
    line = _REORDERING.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", line)
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def one_line(error: BaseException) -> str:
    """Return what an error says, in one line."""
    return label(f"{type(error).__name__}: {error}", 300)
