"""Flags, and the claim itself, as they stand in the shown article."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from claims.marking import Mark
from claims.models import Article, Claim, Flag

# What flags found by comparing copies mean; every other one says that something is unverified.
TONES = {
    "disclaimer_dropped": "dropped",
    "figure_changed": "changed",
    "agent_changed": "changed",
    "attribution_lost": "changed",
}


def claim_marks(claim: Claim, article: Article) -> Iterator[Mark]:
    """Mark where `claim` stands in `article`, and the words that say whose it is."""
    for appearance in article.appearances.current().filter(claim=claim):
        yield Mark(appearance.start, appearance.end, "mark mark-claim")
        if appearance.cue_start is not None and appearance.cue_end is not None:
            yield Mark(appearance.cue_start, appearance.cue_end, "mark mark-attribution")


@dataclass(frozen=True, slots=True)
class ShownFlag:
    """A flag as it stands in the article: about this claim or another, and in which tone."""

    flag: Flag
    covers_this: bool

    @property
    def tone(self) -> str:
        return TONES.get(self.flag.kind, "unverified")

    def mark(self) -> Mark:
        flag, style = self.flag, f"mark mark-flag {self.tone}"
        if flag.state == Flag.State.DISMISSED:
            style = "mark mark-flag dismissed"
        elif not self.covers_this:
            style += " elsewhere"
        label = f"flag: {flag.get_kind_display()}, {flag.get_state_display().lower()}"
        return Mark(flag.start, flag.end, style, ref=flag.ref, label=label)


@dataclass(frozen=True, slots=True)
class RuleFlags:
    """The open flags that one rule found in the shown article, in reading order."""

    rule: str
    kind: str
    flags: list[Flag]
