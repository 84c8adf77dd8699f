"""The values that the engine hands out: frozen, comparable, and free of everything but the text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple


class Span(NamedTuple):
    """Half-open character offsets into the stored text: `text[start:end]`."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the words that the span covers in `text`."""
        return text[self.start : self.end]

    def overlaps(self, other: Span) -> bool:
        """Whether the two share at least one character."""
        return self.start < other.end and other.start < self.end

    @property
    def length(self) -> int:
        """How many characters the span covers."""
        return self.end - self.start


class FlagKind(StrEnum):
    """What is unverified, and how the text says so. The last six only a comparison can find."""

    SELF_DISCLAIMER = "self_disclaimer"
    PASSIVE_DISCLAIMER = "passive_disclaimer"
    RELAYED_DISCLAIMER = "relayed_disclaimer"
    NO_CONFIRMATION = "no_confirmation"
    ADJECTIVE = "adjective"
    PARTIAL = "partial"

    UNKNOWN_FACT = "unknown_fact"
    CONDITIONAL = "conditional"
    HEARSAY = "hearsay"
    ANONYMOUS_SOURCE = "anonymous_source"
    DENIAL = "denial"
    CONTESTED = "contested"
    NO_COMMENT = "no_comment"
    ESTIMATIVE = "estimative"

    DISCLAIMER_DROPPED = "disclaimer_dropped"
    DISCLAIMER_CONTRADICTED = "disclaimer_contradicted"
    FIGURE_CHANGED = "figure_changed"
    AGENT_CHANGED = "agent_changed"
    SCOPE_WIDENED = "scope_widened"
    ATTRIBUTION_LOST = "attribution_lost"

    @property
    def label(self) -> str:
        """The kind in words for people."""
        return LABELS[self]

    @property
    def is_core(self) -> bool:
        """Whether somebody says that it is not verified; the other kinds are weaker signs."""
        return self in CORE_KINDS


LABELS = {
    FlagKind.SELF_DISCLAIMER: "The outlet could not verify it",
    FlagKind.PASSIVE_DISCLAIMER: "Not verified, nobody says by whom",
    FlagKind.RELAYED_DISCLAIMER: "Another outlet could not verify it",
    FlagKind.NO_CONFIRMATION: "No confirmation",
    FlagKind.ADJECTIVE: "Called unconfirmed",
    FlagKind.PARTIAL: "Only partly verified",
    FlagKind.UNKNOWN_FACT: "Said to be unknown",
    FlagKind.CONDITIONAL: "Only if true",
    FlagKind.HEARSAY: "Hearsay",
    FlagKind.ANONYMOUS_SOURCE: "Anonymous source",
    FlagKind.DENIAL: "Denied",
    FlagKind.CONTESTED: "Contested",
    FlagKind.NO_COMMENT: "No comment",
    FlagKind.ESTIMATIVE: "An estimate of likelihood",
    FlagKind.DISCLAIMER_DROPPED: "The caution was dropped",
    FlagKind.DISCLAIMER_CONTRADICTED: "The caution was contradicted",
    FlagKind.FIGURE_CHANGED: "The figure changed",
    FlagKind.AGENT_CHANGED: "The actor changed",
    FlagKind.SCOPE_WIDENED: "One case became many",
    FlagKind.ATTRIBUTION_LOST: "The attribution was lost",
}
CORE_KINDS = frozenset(
    {
        FlagKind.SELF_DISCLAIMER,
        FlagKind.PASSIVE_DISCLAIMER,
        FlagKind.RELAYED_DISCLAIMER,
        FlagKind.NO_CONFIRMATION,
        FlagKind.ADJECTIVE,
        FlagKind.PARTIAL,
    }
)


class Who(StrEnum):
    """Who could not verify."""

    SELF = "self"
    NAMED = "named"
    NOBODY = "nobody"


class Scope(StrEnum):
    """Which claims a caution covers: a witness's, the one before, the report's, its sentence's."""

    WITNESS = "witness"
    PREVIOUS = "previous"
    REPORT = "report"
    SENTENCE = "sentence"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, or one line that stands alone. `boilerplate` is page furniture, never analysed.

    :ivar paragraph: number of its paragraph, from 0.
    """

    span: Span
    paragraph: int
    boilerplate: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """Words by which the text says that something is not verified.

    :ivar agent: canonical name of who cannot verify; "" when nobody is named.
    :ivar covers: spans of the claims it is about, in reading order.
    :ivar confidence: 0 to 1, as the rule states it.
    """

    kind: FlagKind
    cue: Span
    sentence: Span
    rule: str
    who: Who
    agent: str
    scope: Scope
    covers: tuple[Span, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who is said to state what: claimant, the cue that says so, and the content.

    :ivar source: the words that name the claimant; None when the text leaves them out.
    :ivar name: the claimant in full where an earlier sentence names them; "" when unknown.
    :ivar direct: whether the content is in quotation marks.
    :ivar quoted: what else of an indirect content is in quotation marks: "she called it “rotten”".
    """

    source: Span | None
    name: str
    cue: Span
    content: Span
    direct: bool
    anonymous: bool
    quoted: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """An outside source that the article rests on, under its canonical name."""

    name: str
    kind: Literal["outlet", "institution", "media"]
    span: Span
    cue: Span


@dataclass(frozen=True, slots=True)
class Figure:
    """A quantity as a range in `unit`: an exact one has `low == high`.

    :ivar qualifier: what bounds or loosens it ("more than", "about"); "" for none.
    :ivar scope: what it is limited to ("first half of 2022"); "" for none.
    """

    span: Span
    kind: Literal["number", "money", "percent", "date", "duration"]
    low: float
    high: float
    unit: str
    qualifier: str
    scope: str


@dataclass(frozen=True, slots=True)
class DetectedClaim:
    """A checkable statement.

    :ivar wording: canonical: without attribution and hedges, one line, a capital and a full stop.
    :ivar claimant: name of who states it; "" when the article does so in its own voice.
    :ivar worthiness: how much it deserves checking, 0 to 1, with its `reasons` in plain words.
    """

    span: Span
    sentence: Span
    wording: str
    claimant: str
    claimant_kind: Literal["person", "organisation", "anonymous", "none"]
    attribution: Attribution | None
    worthiness: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that the engine finds in one text, each in reading order.

    :ivar language: ISO 639-1 code, given or detected; "" when the text is too short to tell.
    :ivar supported: whether there are rules for it; if not, only `sentences` is filled.
    """

    language: str
    supported: bool
    sentences: tuple[Sentence, ...]
    flags: tuple[Finding, ...] = ()
    attributions: tuple[Attribution, ...] = ()
    claims: tuple[DetectedClaim, ...] = ()
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """How much two wordings state the same claim, 0 to 1, and what speaks for and against it."""

    score: float
    reasons: tuple[str, ...]
    figure: Literal["equal", "rounded", "changed", "qualifier_lost", "none"]


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of text a is built on text b, 0 to 1, and the matching passages (in a, in b)."""

    score: float
    spans: tuple[tuple[Span, Span], ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One passage as its article has it, to be compared with another copy of it.

    :ivar wording: the claim as the article words it.
    :ivar claimant: name of who states it there; "" when nobody is named.
    :ivar attributed: whether the article says that somebody states it, named or not.
    :ivar language: ISO 639-1 code of the wording, in which its figures are read.
    """

    wording: str
    claimant: str = ""
    attributed: bool = False
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Change:
    """What one copy of a claim did to another: the words here, and the words they stand for.

    :ivar place: where `origin_words` are: 0 in the origin, n in the n-th of the other copies.
    """

    kind: FlagKind
    words: str
    origin_words: str
    place: int = 0
