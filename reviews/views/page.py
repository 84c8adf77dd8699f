"""What the pages of one review show. Each part is asked of the database when a template names it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from claims import marking, provenance
from claims.marking import Mark
from claims.models import Appearance, Article, Flag
from reviews import history, ratings, workflow
from reviews.forms import (
    CommentForm,
    DecisionForm,
    EvidenceForm,
    ReasonForm,
    VerdictForm,
)
from reviews.models import Comment, Decision, Evidence, Review, ReviewEvent, User, VerdictVersion
from reviews.states import MOVES, SYSTEM, Action, Status

NEWEST_EVENTS = 8
FLAG_TONES = {"figure_changed": "changed", "agent_changed": "changed", "attribution_lost": "changed"}


class Request(HttpRequest):
    """A request as it reaches a view of the desk: signed in, and asked about by htmx."""

    user: User
    htmx: HtmxDetails


def load(ref: str) -> Review:
    """Return the review at `ref`, with what every page of it names, or answer 404."""
    reviews = Review.objects.select_related("claim__claimant", "checker")
    return get_object_or_404(reviews, ref=ref)


class ReviewPage:
    """One review as one person sees it. `typed` are bound forms to show instead of fresh ones."""

    def __init__(self, request: Request, review: Review, **typed: Any) -> None:
        self.request, self.review, self.user = request, review, request.user
        self.typed = typed

    # The hold

    @cached_property
    def refusals(self) -> dict[str, str]:
        """Why each action that starts from the present status is refused; "" where it is not."""
        possible = {
            str(action)
            for action, move in MOVES.items()
            if self.review.status in move.sources and move.permission != SYSTEM
        }
        every = workflow.refusals(self.review, self.user)
        return {action: why for action, why in every.items() if action in possible}

    @property
    def holds(self) -> bool:
        """Whether this person may write now."""
        return (
            self.review.status == Status.IN_PROGRESS
            and self.review.checker_id == self.user.pk
            and self.seconds_left > 0
        )

    @property
    def seconds_left(self) -> int:
        expires = self.review.lease_expires_at
        return max(0, int((expires - timezone.now()).total_seconds())) if expires else 0

    @property
    def reason_forms(self) -> list[tuple[Action, str, forms.Form, str]]:
        """The possible actions that ask for a reason: action, label, form, refusal."""
        labels = {
            Action.DISMISS: "Dismiss: do not check this",
            Action.REOPEN: "Reopen",
            Action.CORRECT: "Take for a correction",
        }
        return [
            (action, label, self.typed.get(action, ReasonForm(prefix=action)), refusal)
            for action, label in labels.items()
            if (refusal := self.refusals.get(action)) is not None
        ]

    # The verdict

    @cached_property
    def verdict(self) -> Any:
        return history.of(self.review)

    @cached_property
    def verdict_form(self) -> VerdictForm:
        if "verdict" in self.typed:
            return self.typed["verdict"]
        draft = history.draft_of(self.verdict)
        return VerdictForm(
            initial={
                "token": self.review.lease_token, "seq": self.verdict.seq, "rating": draft.rating,
                "claim_wording": draft.claim_wording, "summary": draft.summary,
                "explanation": draft.explanation,
            }
        )  # fmt: skip

    @property
    def ratings(self) -> tuple[ratings.Rating, ...]:
        return ratings.SCALES[ratings.CURRENT_SCALE]

    @cached_property
    def newest_version(self) -> VerdictVersion | None:
        return self.verdict.versions.order_by("-seq").first() if self.verdict.pk else None

    @cached_property
    def missing(self) -> list[str]:
        return workflow.missing(self.review)

    @cached_property
    def returned(self) -> Decision | None:
        """The comment with which the newest decision returned the verdict, while it matters."""
        newest = self.decisions.first()
        return newest if newest and newest.kind == Decision.Kind.RETURNED else None

    @property
    def decisions(self) -> QuerySet[Decision]:
        found = Decision.objects.filter(version__verdict__review=self.review)
        return found.select_related("version").order_by("-pk")

    @property
    def conflict(self) -> list[history.FieldDiff] | None:
        """What the saved verdict says differently from what was typed, after a stale save."""
        return self.typed.get("conflict")

    @property
    def problem(self) -> str:
        """Why the last write was refused, to be read beside what was typed."""
        return self.typed.get("problem", "")

    # Evidence, comments, events

    @cached_property
    def evidence(self) -> list[Evidence]:
        return list(self.review.evidence.standing().select_related("added_by"))

    @cached_property
    def withdrawn_evidence(self) -> list[Evidence]:
        gone = self.review.evidence.filter(withdrawn_at__isnull=False)
        return list(gone.select_related("withdrawn_by").order_by("pk"))

    @cached_property
    def evidence_form(self) -> EvidenceForm:
        fresh = EvidenceForm(initial={"token": self.review.lease_token}, prefix="new")
        return self.typed.get("evidence", fresh)

    @cached_property
    def comments(self) -> list[Comment]:
        return list(self.review.comments.select_related("author").order_by("pk"))

    @cached_property
    def comment_form(self) -> CommentForm:
        return self.typed.get("comment", CommentForm())

    @cached_property
    def events(self) -> list[ReviewEvent]:
        return list(self.review.events.order_by("-pk")[:NEWEST_EVENTS])

    # The articles

    @cached_property
    def standing(self) -> provenance.Standing:
        return provenance.standing(self.review.claim)

    @cached_property
    def articles(self) -> list[Article]:
        """Where the claim appears, oldest first."""
        pks = self.review.claim.appearances.current().values("article")
        found = Article.objects.filter(pk__in=pks).select_related("source", "story")
        return list(found.order_by("published_on", "pk"))

    @cached_property
    def article(self) -> Article | None:
        """The one shown: the one asked for, else the oldest."""
        asked = self.request.GET.get("article") or self.request.POST.get("article")
        chosen = [article for article in self.articles if article.ref == asked]
        return (chosen or self.articles or [None])[0]

    @cached_property
    def flags(self) -> list[Flag]:
        """The flags on the shown article, in reading order, with `covers_this` and `tone` set."""
        assert self.article
        mine = Q(claim__isnull=True) | Q(claim=self.review.claim)
        flags = list(
            self.article.flags.filter(mine).select_related("decided_by").order_by("start", "pk")
        )
        covering = set(
            Flag.covers.through.objects.filter(
                flag__in=flags, appearance__claim=self.review.claim
            ).values_list("flag_id", flat=True)
        )
        for flag in flags:
            flag.article = self.article
            flag.covers_this = flag.claim_id is not None or flag.pk in covering
            flag.tone = FLAG_TONES.get(flag.kind, "unverified")
        return flags

    @cached_property
    def paragraphs(self) -> list[tuple[marking.Paragraph, list[Flag]]]:
        """The shown article, each paragraph with the flags that begin in it."""
        if self.article is None:
            return []
        by_ref = {flag.ref: flag for flag in self.flags}
        cut = marking.paragraphs(self.article.text, [*self._flag_marks(), *self._claim_marks()])
        return [
            (paragraph, [by_ref[mark.ref] for mark in paragraph.leads]) for paragraph in cut
        ]

    def _flag_marks(self) -> Iterable[Mark]:
        for flag in self.flags:
            style = f"mark mark-flag {flag.tone}"
            if flag.state == Flag.State.DISMISSED:
                style = "mark mark-flag dismissed"
            elif not flag.covers_this:
                style = "mark mark-flag elsewhere"
            label = f"flag: {flag.get_kind_display()}, {flag.get_state_display().lower()}"
            yield Mark(flag.start, flag.end, style, ref=flag.ref, label=label)

    def _claim_marks(self) -> Iterable[Mark]:
        assert self.article
        found = Appearance.objects.current().filter(
            article=self.article, claim=self.review.claim
        )
        for appearance in found:
            yield Mark(appearance.start, appearance.end, "mark mark-claim")
            if appearance.cue_start is not None and appearance.cue_end is not None:
                yield Mark(appearance.cue_start, appearance.cue_end, "mark mark-attribution")

    # The approval

    @cached_property
    def last_decision(self) -> Decision | None:
        return self.decisions.first()

    @cached_property
    def changes(self) -> list[history.FieldDiff]:
        """What changed since the version last decided on; everything, if none was."""
        if self.newest_version is None:
            return []
        before = self.last_decision.version if self.last_decision else None
        return history.compare(before, self.newest_version)

    @cached_property
    def contributors(self) -> list[User]:
        return history.contributors(self.verdict) if self.verdict.pk else []

    @property
    def evidence_gaps(self) -> list[str]:
        return gaps(self.evidence)

    @property
    def open_flag(self) -> str:
        """The flag whose panel stands open after a decision on it."""
        return self.typed.get("open_flag", "")

    @property
    def decision_form(self) -> DecisionForm:
        initial = {"seq": self.verdict.seq, "content_hash": self.verdict.content_hash}
        return self.typed.get("decision", DecisionForm(initial=initial))


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


def show(
    request: Request,
    template: str,
    review: Review,
    *,
    status: int = 200,
    full: str = "reviews/detail.html",
    **typed: Any,
) -> HttpResponse:
    """Answer htmx with the fragment `template` and everyone else with the page it belongs to."""
    page = ReviewPage(request, review, **typed)
    name = template if request.htmx else full
    response = render(request, name, {"page": page, "review": review}, status=status)
    response["Vary"] = "HX-Request"
    return response
