"""What the pages of one review show, each part asked for when a template names it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django import forms
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from claims import invisible, marking, matching, outside, provenance, watching
from claims.marking import Mark
from claims.models import Article, Claim, Flag, OutsideCheck, Tip, as_ref
from reviews import adoption, checklists, comments, gate, history, opinions, policy, ratings
from reviews.decisions import DecisionQuerySet
from reviews.forms import (
    AdjudicateForm,
    AskForm,
    CommentForm,
    DecisionForm,
    DismissForm,
    DueForm,
    EvidenceForm,
    FlagsForm,
    HandOverForm,
    OpinionForm,
    ReasonForm,
    RecheckForm,
    SnoozeForm,
    ThreadReplyForm,
    TopicsForm,
    VerdictForm,
    WithdrawEvidenceForm,
)
from reviews.models import (
    Comment,
    Decision,
    Evidence,
    Review,
    ReviewEvent,
    SecondOpinion,
    User,
    Verdict,
    VerdictVersion,
)
from reviews.policy_forms import ExemptionForm
from reviews.reconciling import Reconciled
from reviews.standards import Requirement
from reviews.states import APPROVE, CHECK, MOVES, SYSTEM, Action, Status
from reviews.views.approving import (
    Approvals,
    approvals_of,
    comment_mark,
    delivered,
    gaps,
    marked_words,
)
from reviews.views.article_flags import RuleFlags, ShownFlag, claim_marks
from reviews.views.contact_log import ContactLog, Noted
from reviews.views.known import Known, readable
from reviews.views.threads import Threads, threads

NEWEST_EVENTS = 8
TIPS = 5  # shown of a claim
ARTICLE, BLIND = "reviews/_article_panel.html", "reviews/second_opinion.html"
ARTICLES = 60  # that have a tab


class Request(HttpRequest):
    """A request as it reaches a view of the desk: signed in, and asked about by htmx."""

    user: User
    htmx: HtmxDetails


def load(ref: str) -> Review:
    """Return the review at `ref`, with what every page of it names, or answer 404."""
    reviews = Review.objects.select_related("claim__claimant", "claim__merged_into", "checker")
    return get_object_or_404(reviews, ref=ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How something just sent was answered: the forms as typed, and what was wrong with them.

    :ivar problem: why the verdict was not saved, or saved but not submitted.
    :ivar conflict: what was saved meanwhile and what was typed, brought together.
    :ivar withdrawal: the piece of evidence and the form that should have withdrawn it.
    :ivar contact: the form of the contact log that was refused.
    :ivar tick: the point that was not ticked, the note as typed, and why not.
    :ivar ticked: whether checklist or reasons changed, which what is missing must learn.
    :ivar exemption: the reason to go without something that was refused.
    :ivar reply: the thread and the form that should have answered in it.
    :ivar beside: whether the article is sent along, to be put in its place.
    :ivar sealed: whether the verdict has a new version, which an open form must learn.
    """

    verdict: VerdictForm | None = None
    problem: str = ""
    conflict: Reconciled | None = None
    evidence: EvidenceForm | None = None
    withdrawal: tuple[str, WithdrawEvidenceForm] | None = None
    contact: Noted | None = None
    tick: tuple[str, str, str] | None = None
    ticked: bool = False
    exemption: ExemptionForm | None = None
    sealed: bool = False
    open_flag: str = ""
    flag_problem: str = ""
    flag_reason: str = ""
    flags: FlagsForm | None = None
    comment: CommentForm | None = None
    reply: tuple[str, ThreadReplyForm] | None = None
    thread_problem: str = ""
    beside: bool = False
    hand_over: HandOverForm | None = None
    decision: DecisionForm | None = None
    dates: dict[Action, forms.Form] = field(default_factory=dict)
    opinions: dict[Action, forms.Form] = field(default_factory=dict)
    reasons: dict[Action, ReasonForm] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dated:
    """A form that sets a date: where it goes, what opens it, and what sends it."""

    action: Action
    form: forms.Form
    address: str
    label: str
    button: str
    key: str = ""


def _in_days(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


class ReviewPage:
    """One review as one person sees it, with the `answer` to what they just sent."""

    def __init__(self, request: Request, review: Review, answer: Answer | None = None) -> None:
        self.request, self.review, self.user = request, review, request.user
        self.answer = answer or Answer()

    # The hold

    @cached_property
    def refusals(self) -> dict[str, str]:
        """Why each action that starts from the present status is refused; "" where it is not."""
        possible = {
            str(action)
            for action, move in MOVES.items()
            if self.review.status in move.sources and move.permission != SYSTEM
        }
        every = gate.refusals(self.review, self.user)
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
            Action.TAKE_OVER: "Take over from its checker",
            Action.DISMISS: "Dismiss: do not check this",
            Action.REOPEN: "Reopen",
            Action.CORRECT: "Take for a correction",
        }
        return [
            (action, label, self.answer.reasons.get(action) or self._reason_form(action), refusal)
            for action, label in labels.items()
            if (refusal := self.refusals.get(action)) is not None
            and (action != Action.TAKE_OVER or self._may_take_over)
        ]

    @property
    def date_forms(self) -> list[Dated]:
        """The forms that set a date and that this person may send, as they were typed."""
        shown: list[tuple[Action, forms.Form, str, str, str]] = []
        form: forms.Form
        if self.holds or Action.SNOOZE in self.answer.dates:
            initial = {"token": self.review.lease_token, "until": _in_days(3)}
            form = SnoozeForm(prefix=Action.SNOOZE, initial=initial)
            shown.append((Action.SNOOZE, form, "Wait for a reply", "Put it aside", "z"))
        if self._may(Action.DUE):
            day = timezone.localtime(self.review.due_at)
            form = DueForm(prefix=Action.DUE, initial={"due_at": day.date()})
            shown.append((Action.DUE, form, f"Due on {day.day} {day:%B}: change", "Set it", ""))
        if self._may(Action.PUT_UNDER):
            about = TopicsForm(prefix=Action.PUT_UNDER, initial={"topics": self.review.topics})
            label = f"Topics: {about.told(self.review.topics) or 'none'}: change"
            shown.append((Action.PUT_UNDER, about, label, "Put it there", ""))
        if self._may(Action.RECHECK):
            form = RecheckForm(prefix=Action.RECHECK, initial={"again_at": _in_days(30)})
            shown.append((Action.RECHECK, form, "Looked again: still unproven", "Note it", "z"))
        return [
            Dated(
                action, self.answer.dates.get(action, form),
                reverse(f"reviews:{action.replace('_', '-')}", args=[self.review.ref]),
                label, button, key,
            )
            for action, form, label, button, key in shown
        ]  # fmt: skip

    def _may(self, action: Action) -> bool:
        return self.refusals.get(action) == ""

    @property
    def _may_take_over(self) -> bool:
        """A colleague's review, and somebody whose role allows it: to others it is no matter."""
        return self.review.checker_id != self.user.pk and self.user.has_perm(APPROVE)

    def _reason_form(self, action: Action) -> ReasonForm:
        if action == Action.DISMISS:
            return DismissForm(prefix=action, initial={"token": self.review.lease_token})
        return ReasonForm(prefix=action)

    @property
    def hand_over_form(self) -> HandOverForm:
        """To any colleague who may check; a form that was refused comes back as it was typed."""
        initial = {"token": self.review.lease_token}
        form = self.answer.hand_over or HandOverForm(prefix=Action.HAND_OVER, initial=initial)
        form.offer_to_others_than(self.user)
        return form

    @cached_property
    def corrects(self) -> bool:
        """Whether readers can see a verdict that is worked on: a correction is under way."""
        return self.review.status != Status.PUBLISHED and self.review.is_published

    # The verdict

    @cached_property
    def verdict(self) -> Verdict:
        return history.of(self.review)

    @cached_property
    def verdict_form(self) -> VerdictForm:
        if self.answer.verdict:
            return self.answer.verdict
        draft = history.draft_of(self.verdict)
        return VerdictForm(
            initial={
                "token": self.review.lease_token, "seq": self.verdict.seq, "rating": draft.rating,
                "claim_wording": draft.claim_wording, "summary": draft.summary,
                "explanation": draft.explanation, "correction": draft.correction,
                "told": self.known.told,
            }
        )  # fmt: skip

    @cached_property
    def sealed_context(self) -> dict[str, Any]:
        """What readers are told besides the words: as sealed in the newest version."""
        return readable(history.read(self.newest_version)["context"] if self.newest_version else {})

    @cached_property
    def known(self) -> Known:
        return Known(self.review, self.newest_version, self.request.POST.get("told"))

    @property
    def ratings(self) -> tuple[ratings.Rating, ...]:
        return ratings.SCALES[ratings.CURRENT_SCALE]

    @cached_property
    def newest_version(self) -> VerdictVersion | None:
        return self.verdict.versions.order_by("-seq").first() if self.verdict.pk else None

    @cached_property
    def missing(self) -> list[str]:
        return gate.missing(self.review)

    @cached_property
    def returned(self) -> Decision | None:
        """The comment with which the newest decision returned the verdict, while it matters."""
        newest = self.decisions.first()
        return newest if newest and newest.kind == Decision.Kind.RETURNED else None

    @property
    def delivered(self) -> list[Comment]:
        """The comments on passages with which it was returned."""
        return delivered(self.returned, self.review) if self.returned else []

    @cached_property
    def marked(self) -> int:
        """How many open comments on passages this person would return it with."""
        return len(comments.to_deliver(self.review, by=self.user))

    @cached_property
    def marked_words(self) -> dict[str, list[marking.Paragraph]]:
        return marked_words(self.verdict, (one.comment for one in self.threads.open))

    @property
    def decisions(self) -> DecisionQuerySet:
        found = Decision.objects.filter(version__verdict__review=self.review)
        return found.select_related("version").order_by("-pk")

    # Evidence, comments, events

    @cached_property
    def evidence(self) -> list[Evidence]:
        """With their copies, what else is kept of these pages, and how they changed since."""
        kept = [f"copy__capture__{name}" for name in ("picture", "deposit", "watch")]
        rows = self.review.evidence.standing().select_related("added_by", *kept)
        changed, since = "copy__capture__page_changes", watching.changes_of_copies()
        return list(rows.prefetch_related(Prefetch(changed, since, to_attr="newest_changes")))

    @cached_property
    def withdrawn_evidence(self) -> list[Evidence]:
        gone = self.review.evidence.filter(withdrawn_at__isnull=False)
        return list(gone.select_related("withdrawn_by").order_by("pk"))

    @cached_property
    def evidence_form(self) -> EvidenceForm:
        fresh = EvidenceForm(initial={"token": self.review.lease_token}, prefix="new")
        return self.answer.evidence or fresh

    @cached_property
    def contacts(self) -> ContactLog:
        return ContactLog(self.review, self.answer.contact)

    @cached_property
    def checklist(self) -> checklists.Sheet | None:
        return checklists.sheet(self.review)

    @cached_property
    def policy(self) -> list[policy.Standing]:
        """How the verdict stands to what the policy asks; the checklist has a panel of its own."""
        asked = policy.standing(self.review)
        return [one for one in asked if one.requirement != Requirement.CHECKLIST]

    @cached_property
    def threads(self) -> Threads:
        return threads(self.review, self.user, self.answer.reply)

    @cached_property
    def colleagues(self) -> list[User]:
        """Who may be mentioned."""
        return comments.colleagues() if self.may_comment else []

    @cached_property
    def may_comment(self) -> bool:
        return self.user.has_perm(CHECK)

    @cached_property
    def comment_form(self) -> CommentForm:
        return self.answer.comment or CommentForm()

    @cached_property
    def events(self) -> list[ReviewEvent]:
        return list(self.review.events.order_by("-pk")[:NEWEST_EVENTS])

    @cached_property
    def earlier(self) -> list[adoption.Earlier]:
        """Published checks of what may be the same claim."""
        return adoption.earlier_checks([self.review.claim_id]).get(self.review.claim_id, [])

    @cached_property
    def outside(self) -> list[OutsideCheck]:
        """What others found on what may be the same claim."""
        return outside.beside([self.review.claim_id]).get(self.review.claim_id, [])

    @cached_property
    def tips(self) -> list[Tip]:
        """Who asked for it: the newest tips that stand for the claim."""
        return list(
            Tip.objects.accepted().filter(claim=self.review.claim_id).order_by("-pk")[:TIPS]
        )

    @cached_property
    def adopted(self) -> adoption.Adopted | None:
        """The check from which the present verdict was adopted."""
        return adoption.adopted(self.review)

    @property
    def may_read_news(self) -> bool:
        """Whether this person submitted the verdict about which there are news."""
        return Review.objects.with_news_for(self.user).filter(pk=self.review.pk).exists()

    # The second opinion

    @cached_property
    def is_blind(self) -> bool:
        """Whether the verdict is hidden from this person, because theirs is to be another."""
        return opinions.hidden_from(self.user, self.review)

    @cached_property
    def opinion(self) -> SecondOpinion | None:
        """The newest second opinion, with what this person may know of it."""
        return opinions.shown(self.user, self.review)

    @cached_property
    def opinion_forms(self) -> dict[str, forms.Form]:
        """The forms about it that this person may send, as they were typed, by action."""
        fresh: dict[Action, forms.Form] = {
            Action.ASK_OPINION: AskForm(prefix=Action.ASK_OPINION),
            Action.CALL_OFF: ReasonForm(prefix=Action.CALL_OFF),
            Action.ADJUDICATE: AdjudicateForm(
                prefix=Action.ADJUDICATE, initial={"seq": self.verdict.seq}
            ),
            Action.DECLINE_OPINION: ReasonForm(prefix=Action.DECLINE_OPINION),
            Action.GIVE_OPINION: OpinionForm(prefix=Action.GIVE_OPINION),
        }
        return {
            str(action): self.answer.opinions.get(action, form)
            for action, form in fresh.items()
            if self._may(action) or action in self.answer.opinions
        }

    # The articles

    @cached_property
    def claim(self) -> Claim:
        """The claim whose articles are shown: that into which the reviewed one was merged."""
        return matching.survivor(self.review.claim)

    @cached_property
    def standing(self) -> provenance.Standing:
        return provenance.standing(self.claim)

    @cached_property
    def page_changes(self) -> list[watching.Shown]:
        """Of the articles, and of those that the evidence cites, unless that is hidden."""
        cited = [] if self.is_blind else [one.url for one in self.evidence if one.url]
        return watching.changes_of(self.claim, cited=cited)

    @property
    def _where(self) -> QuerySet[Article]:
        """Where the claim appears, oldest first."""
        pks = self.claim.appearances.current().values("article")
        found = Article.objects.filter(pk__in=pks).select_related("source", "story")
        return found.order_by("published_on", "pk")

    @cached_property
    def articles(self) -> list[Article]:
        """Those with a tab, without their texts: the oldest, and the one shown."""
        listed = list(self._where.defer("text")[:ARTICLES])
        shown = self.article
        return listed if shown is None or shown in listed else [*listed, shown]

    @cached_property
    def unlisted(self) -> int:
        """How many articles have no tab."""
        return self._where.count() - len(self.articles) if len(self.articles) >= ARTICLES else 0

    @cached_property
    def article(self) -> Article | None:
        """The one shown: the one asked for, else the oldest."""
        asked = self.request.GET.get("article") or self.request.POST.get("article") or ""
        ref = as_ref(asked)
        found = self._where.filter(ref=ref).first() if ref else None
        return found or self._where.first()

    @cached_property
    def paragraphs(self) -> list[tuple[marking.Paragraph, list[ShownFlag]]]:
        """The shown article, each paragraph with the flags that begin in it."""
        if self.article is None:
            return []
        flags = {shown.flag.ref: shown for shown in self.flags}
        marks = [shown.mark() for shown in flags.values()]
        marks += [*claim_marks(self.claim, self.article), *self._comment_marks(self.article)]
        return [
            (paragraph, [flags[mark.ref] for mark in paragraph.leads if mark.ref in flags])
            for paragraph in marking.paragraphs(marking.beginning(self.article.text), marks)
        ]

    @property
    def unshown(self) -> int:
        """How many characters of the shown article the page leaves out; `beyond` are its flags."""
        text = self.article.text if self.article else ""
        return len(text) - len(marking.beginning(text))

    @property
    def beyond(self) -> list[ShownFlag]:
        text = self.article.text if self.article else ""
        return [one for one in self.flags if one.flag.start >= len(text) - self.unshown]

    @cached_property
    def strange(self) -> str:
        """A sentence on what in the shown article cannot be seen; "" if there is nothing."""
        return invisible.summary(invisible.odd_in(self.article.text)) if self.article else ""

    def _comment_marks(self, article: Article) -> Iterable[Mark]:
        for thread in (one.comment for one in self.threads.open):
            if thread.article_id == article.pk:
                yield comment_mark(thread)

    @cached_property
    def flags(self) -> list[ShownFlag]:
        """The flags on the shown article, in reading order. Cost: two queries."""
        article, claim = self.article, self.claim
        if article is None:
            return []
        mine = Q(claim__isnull=True) | Q(claim=claim)
        flags = article.flags.filter(mine).select_related("decided_by").order_by("start", "pk")
        covering = set(flags.filter(covers__claim=claim).values_list("pk", flat=True))
        for flag in flags:
            flag.article = article  # so that its words are not fetched with the text, each
        return [ShownFlag(flag, bool(flag.claim_id) or flag.pk in covering) for flag in flags]

    @cached_property
    def open_flags(self) -> list[RuleFlags]:
        """What is to be decided in the shown article, rule by rule."""
        found: dict[str, RuleFlags] = {}
        for flag in (shown.flag for shown in self.flags if shown.flag.state == Flag.State.OPEN):
            group = RuleFlags(flag.rule, flag.get_kind_display(), [])
            found.setdefault(flag.rule, group).flags.append(flag)
        return list(found.values())

    @property
    def open_flag_count(self) -> int:
        return sum(len(group.flags) for group in self.open_flags)

    @property
    def decided_together(self) -> list[Flag]:
        """The flags of this article that this person decided last, if they were several at once."""
        mine = [shown.flag for shown in self.flags if shown.flag.decided_by_id == self.user.pk]
        newest = max((flag.decided_at for flag in mine if flag.decided_at), default=None)
        together = [flag for flag in mine if flag.decided_at == newest]
        return together if len(together) > 1 else []

    # The approval

    @cached_property
    def last_decision(self) -> Decision | None:
        """The newest that settled what a version becomes: one of several approvals does not."""
        settled = self.decisions.complete() | self.decisions.filter(kind=Decision.Kind.RETURNED)
        return settled.first()

    @cached_property
    def approvals(self) -> Approvals:
        return approvals_of(self.review)

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
    def decision_form(self) -> DecisionForm:
        return self.answer.decision or DecisionForm()


def show(
    request: Request,
    template: str,
    review: Review,
    *,
    status: int = 200,
    full: str = "reviews/detail.html",
    answer: Answer | None = None,
) -> HttpResponse:
    """Answer htmx with the fragment `template` and everyone else with the page it belongs to.

    From whom the verdict is hidden gets the page for a second opinion, whatever was asked for.
    """
    page = ReviewPage(request, review, answer)
    if page.is_blind:
        template, full = (template if template == ARTICLE else BLIND), BLIND
    name = template if request.htmx else full
    response = render(request, name, {"page": page, "review": review}, status=status)
    response["Vary"] = "HX-Request"
    return response
