"""A text becomes sentences: by paragraph, with page furniture set aside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from claims.text.folding import fold
from claims.text.patterns import PatternReader, Sieve
from claims.text.rules import furniture_file, word_list
from claims.text.values import Sentence, Span

LINE = re.compile(r"[^\n\r\x0b\x0c\x85\u2028\u2029]+")
BULLET = re.compile(r"\s*+[•‣▪●◦*·]\s++")
# What a file tells of its article before it: lines of "title: …" between two of "---".
FRONT_MATTER = re.compile(
    r"\A\ufeff?---\r?\n(?:[\w-]{1,40}:[^\n]{0,500}\n){1,20}---[ \t]*(?=\r?\n|\Z)"
)
FITS_A_LINE = 100  # no editor wraps by hand beyond this width

# French sets its closing mark off: « Il est parti. »
STOP = re.compile(r"[.!?…।؟。]+(?:\[\d{1,3}\])?(?:[\"'”’»)\]]|[ \u00a0\u202f]»(?=\W|\Z))*")
FULL_WIDTH = "。।"  # stops that no space follows
OPENING = "\"'“‘«([—–- \t\n\xa0"
WORD = re.compile(r"[^\W_][\w'’]*")
LETTERS = re.compile(r"[^\W\d_][\w'-]*")
SPACED = re.compile(r"(?<!\w)[^\W\d_A-Z]\w?\.\s\w\Z")  # "u. a", "и т. д"; but "J. K" are initials
LAST_TOKEN = re.compile(r"[\w.'’-]*\Z")
LONGEST = 2000  # characters of a sentence: so that whatever reads one stays linear in the text
FURNITURE_WITHIN = 600  # characters: page furniture is short, so a long sentence is never asked
BRIEF, BYLINE, TAILED = 120, 160, 250  # characters, as the head of each list in furniture.toml says


@cache
def _words(name: str) -> frozenset[str]:
    return word_list("sentences", name)


def split_sentences(text: str) -> tuple[Sentence, ...]:
    """Split `text` into sentences in reading order; what lies between them is only white space.

    Lines stand alone unless they were wrapped by hand. No sentence is longer than `LONGEST`. Linear
    in the length of `text`.
    """
    found: list[Sentence] = []
    front_matter = FRONT_MATTER.match(text)
    begins = front_matter.end() if front_matter else 0
    for number, paragraph in enumerate(_paragraphs(text)):
        notice = _is_notice(text, paragraph)
        found.extend(
            Sentence(span, number, notice or span.end <= begins or _is_furniture(text, span))
            for span in _split(text, paragraph)
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Furniture:
    """What `furniture.toml` lists, compiled to match folded lines.

    :ivar firsts: the first words of all that a line may begin with.
    :ivar stems: tells cheaply whether `within` may match a line.
    """

    firsts: frozenset[str]
    begins: re.Pattern[str]
    notice: re.Pattern[str]
    stems: Sieve
    within: re.Pattern[str]


@cache
def furniture() -> Furniture:
    """Read the list of page furniture, once."""
    lists, reader = furniture_file(), PatternReader({})

    def some(name: str) -> str:
        return reader.any_of(lists[name])

    inside = [reader.pattern(source) for name in ("holds", "ends") for source in lists[name]]
    leading = ("opens", "opens_briefly", "alone", "bylines", "trails", "notices")
    return Furniture(
        firsts=frozenset(
            word.strip(":")
            for name in leading
            for source in lists[name]
            for word in source.split()[0].split("|")
        ),
        begins=re.compile(
            rf"(?:[^\w\"']|\d)*+(?:{some('opens')}|{some('opens_briefly')}.{{0,{BRIEF}}}\Z"
            rf"|{some('alone')}[\W\d]*+\Z|{some('bylines')}\s[^.!?]{{3,{BYLINE}}}\Z"
            rf"|{some('trails')}(?:\s*+[\">|›][^\">|›]{{1,80}}){{1,9}}\Z)",
            re.DOTALL,
        ),
        notice=re.compile(rf"\W*+{some('notices')}"),
        stems=Sieve(inside),
        within=re.compile(rf"{some('holds')}|\A.{{0,{TAILED}}}?{some('ends')}\W*\Z", re.DOTALL),
    )


def _is_notice(text: str, paragraph: Span) -> bool:
    line = _line(text, paragraph.start, min(paragraph.end, paragraph.start + BRIEF))
    first, known = LETTERS.search(line), furniture()
    return bool(first and first.group() in known.firsts and known.notice.match(line))


def _is_furniture(text: str, span: Span) -> bool:
    if span.length > FURNITURE_WITHIN:
        return False
    line, known = _line(text, span.start, span.end), furniture()
    first = LETTERS.search(line)
    if first and first.group() in known.firsts and known.begins.match(line):
        return True
    return known.stems.may_match(line) and bool(known.within.search(line))


def _line(text: str, start: int, end: int) -> str:
    return fold(text[start:end]).text.replace("/", " ")


def _paragraphs(text: str) -> Iterator[Span]:
    """Trimmed spans of lines, hand-wrapped ones joined."""
    block: list[Span] = []
    for line in LINE.finditer(text):
        span = _trimmed(text, line.start(), line.end())
        if block and (span is None or text.count("\n", block[-1].end, span.start) != 1):
            yield from _joined(text, block)
            block = []
        if span is not None:
            block.append(span)
    yield from _joined(text, block)


def _joined(text: str, block: list[Span]) -> Iterator[Span]:
    """Join the lines of a block where the next line's first word would not have fitted."""
    if len(block) < 2:
        yield from block
        return
    width = max(line.length for line in block)
    start = None
    for line, following in zip(block, [*block[1:], None], strict=True):
        start = line.start if start is None else start
        if following is None or not _wrapped(text, line, following, width):
            yield Span(start, line.end)
            start = None


def _wrapped(text: str, line: Span, following: Span, width: int) -> bool:
    last, first = text[line.end - 1], text[following.start]
    if BULLET.match(text, following.start) or not (last.isalnum() or last in ",-–—"):
        # A sentence may also end just where the line does.
        return width <= FITS_A_LINE and last in ".\"'”’)" and _is_full(text, line, following, width)
    return first.islower() or (width <= FITS_A_LINE and _is_full(text, line, following, width))


def _is_full(text: str, line: Span, following: Span, width: int) -> bool:
    word = text[following.start : following.end].split(maxsplit=1)[0]
    return width >= FITS_A_LINE // 2 and line.length + 1 + len(word) > width


def _split(text: str, paragraph: Span) -> Iterator[Span]:
    start = paragraph.start
    if bullet := BULLET.match(text, start, paragraph.end):
        start = bullet.end()
    for stop in STOP.finditer(text, start, paragraph.end):
        if _ends(text, stop, paragraph.end):
            yield from _cut(text, start, stop.end())
            start = stop.end()
    yield from _cut(text, start, paragraph.end)


def _cut(text: str, start: int, end: int) -> Iterator[Span]:
    """The trimmed sentence, in pieces where it is longer than anybody writes."""
    while end - start > LONGEST:
        space = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
        middle = start + LONGEST if space == -1 else space
        if span := _trimmed(text, start, middle):
            yield span
        start = middle
    if span := _trimmed(text, start, end):
        yield span


def _ends(text: str, stop: re.Match[str], limit: int) -> bool:
    """Whether the stop ends a sentence: what stands before it, and what follows."""
    marks = stop.group().rstrip("\"'”’»)]0123456789[")
    if marks[-1] in FULL_WIDTH:
        return True
    if not text[stop.end() : stop.end() + 1].isspace():
        return False
    following = text[stop.end() : min(stop.end() + 40, limit)].lstrip(OPENING + "\u2003")
    if not following:
        return True
    word = WORD.match(following)
    if following[0].islower() and not (word and word.group()[1:2].isupper()):
        return False
    if marks[0] != "." or len(marks) > 1:
        return True
    before = text[max(0, stop.start() - 20) : stop.start()]
    token = LAST_TOKEN.search(before)
    last = token.group().strip("'’-") if token else ""
    if len(last) == 1 and SPACED.search(before):
        return (word.group().lower() if word else "") in _words("starters")
    return _dot_ends(last, word.group() if word else "")


def _dot_ends(last: str, following: str) -> bool:
    low, next_low = last.lower(), following.lower()
    if low in _words("sometimes_last") and (len(last) > 1 or last.islower()):
        return next_low in _words("starters")
    if len(last) == 1 and last.isalpha():
        abbreviates = len(following) == 1 and following not in "AI"  # "z. B."
        return last == "I" or (last.islower() and low != "p" and not abbreviates)
    if low.isdigit() and len(low) <= 2 and next_low in _words("months"):
        return False
    return low not in _words("never_last")


def _trimmed(text: str, start: int, end: int) -> Span | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end) if start < end else None
