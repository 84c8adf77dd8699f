"""What is told around a decision: who approved, what the evidence lacks, which words are marked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from claims import marking
from claims.marking import Mark, Paragraph
from reviews import approvals, comments
from reviews.models import Comment, Decision, Evidence, Review, Verdict


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


def marked_words(verdict: Verdict, threads: Iterable[Comment]) -> dict[str, list[Paragraph]]:
    """Return claim, summary and explanation in paragraphs, marked where an open thread is on them.

    A thread on words that are not there any more is in the list of comments alone.
    """
    texts = {field.value: str(getattr(verdict, field.value)) for field in Comment.Field}
    marks: dict[str, list[Mark]] = {name: [] for name in texts}
    for thread in threads:
        text = texts.get(thread.field, "")
        if thread.quote and text[thread.start : thread.end] == thread.quote:
            marks[thread.field].append(comment_mark(thread))
    return {name: marking.paragraphs(text, marks[name]) for name, text in texts.items()}


def comment_mark(thread: Comment) -> Mark:
    """The mark of a passage that a thread is on. It has one."""
    return Mark(
        thread.start or 0, thread.end or 0, "mark mark-comment", ref=thread.ref,
        label=f"comment by {thread.author}", leads_to="comment",
    )  # fmt: skip


def delivered(decision: Decision, review: Review) -> list[Comment]:
    """Return the threads on passages that came with a return, oldest first. Cost: one query."""
    found = comments.marked(review, by=decision.by, until=decision.at)
    return list(found.defer("article__text", "version__content"))
