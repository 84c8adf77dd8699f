"""What a supervisor is told before deciding: who approved so far, and what the evidence lacks."""

from __future__ import annotations

from dataclasses import dataclass

from reviews import approvals
from reviews.models import Decision, Evidence, Review


@dataclass(frozen=True, slots=True)
class Approvals:
    """How many approvals a verdict needs, and those it has."""

    needed: int
    given: list[Decision]

    @property
    def several(self) -> bool:
        return self.needed > 1 or bool(self.given)


def approvals_of(review: Review) -> Approvals:
    """Return the approvals of the newest version of the verdict. Cost: two queries."""
    return Approvals(approvals.needed(review.topics), list(approvals.standing(review)))


def gaps(evidence: list[Evidence]) -> list[str]:
    """Name what a supervisor should miss in the evidence."""
    if not evidence:
        return ["There is no evidence."]
    found = []
    if not any(item.is_primary for item in evidence):
        found.append("None of it is a primary source.")
    if len(evidence) > 1 and len({item.publisher.casefold() for item in evidence}) == 1:
        found.append(f"All of it comes from {evidence[0].publisher}.")
    if all(item.stance == Evidence.Stance.CONTEXT for item in evidence):
        found.append("It gives context, but neither supports nor refutes the claim.")
    found += [f"“{item.title}” has no address to look it up." for item in evidence if not item.url]
    return found
