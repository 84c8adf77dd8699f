"""What people may send to the desk, field by field."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import date, datetime, time
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils import timezone

from claims import depositing
from claims import text as engine
from claims.models import Flag, Suggestion
from reviews import comments, history, ratings, reconciling
from reviews.checklists import AT_MOST, LONGEST_POINT, Point
from reviews.contacts import Told
from reviews.history import Draft
from reviews.inbox import Kind, Mail
from reviews.models import Comment, Evidence, ReviewTopic, SecondOpinion, User
from reviews.typed import Words
from reviews.worksheet import Way

LONGEST_REASON = 500  # characters


def kinds() -> list[tuple[str, str]]:
    return [(kind.value, kind.label) for kind in engine.FlagKind]


class LeaseForm(forms.Form):
    """Names the lease under which something is written."""

    token = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class VerdictForm(LeaseForm):
    """A verdict as typed, and the version it was typed over. Anything may still be empty."""

    seq = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    told = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    rating = forms.ChoiceField(required=False, choices=ratings.choices)
    claim_wording = Words(
        label="Claim as checked",
        required=False,
        max_length=1_000,
        help_text="One sentence that stands by itself: who, what, when. This is what gets rated.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    summary = Words(
        required=False,
        max_length=600,
        help_text="What readers see first: the finding in one or two sentences.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    explanation = Words(
        required=False,
        max_length=20_000,
        help_text="How the evidence leads to the rating, and what could not be found out.",
        widget=forms.Textarea(attrs={"rows": 8}),
    )

    correction = Words(
        label="What is corrected, for readers",
        required=False,
        max_length=1_000,
        help_text="What was wrong and why it changed. It stands on the page for good.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def rebase(self, seq: int, draft: Draft) -> None:
        """Put `draft` on top of version `seq`, which the person is now shown."""
        typed = {name: self.data.get(name) for name in self.data}
        self.data = typed | asdict(draft) | {"seq": str(seq)}

    def draft(self) -> Draft:
        """Return what was typed, with line ends as they are stored."""
        read = self.cleaned_data
        return Draft(
            rating=read["rating"],
            claim_wording=_lines(read["claim_wording"]),
            summary=_lines(read["summary"]),
            explanation=_lines(read["explanation"]),
            correction=_lines(read["correction"]),
        )


class ReconciledForm(VerdictForm):
    """A verdict with what was chosen for each field that two people changed.

    The page names these fields as `asked`; `take-summary` says whose stands, `mine-summary` and
    `theirs-summary` what it would be. Until all are answered it is still a save against `base`.
    """

    def __init__(self, data: QueryDict) -> None:
        chosen, self.open = data.copy(), list[str]()
        for name in set(data.getlist("asked")) & set(reconciling.LABELS):
            take = data.get(f"take-{name}")
            if take in ("mine", "theirs"):
                chosen[name] = data.get(f"{take}-{name}", "")
            elif take != "hand":
                self.open.append(name)
        if self.open:
            chosen["seq"] = data.get("base", "")
        super().__init__(chosen)

    def unanswered(self) -> str:
        """Say for which fields nobody has decided yet; "" if for all."""
        labels = [f"“{label}”" for name, label in reconciling.LABELS.items() if name in self.open]
        return f"Say first whose stands: {', '.join(labels)}." if labels else ""


class EvidenceForm(LeaseForm):
    title = Words(label="Title of the document", max_length=300)
    publisher = Words(max_length=200, help_text="Who published it.")
    url = forms.URLField(label="Address", required=False, assume_scheme="https", max_length=2000)
    quote = Words(
        max_length=4_000,
        help_text="The words that matter, as they stand there.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    stance = forms.ChoiceField(choices=Evidence.Stance.choices, widget=forms.RadioSelect)
    is_primary = forms.BooleanField(
        label="Primary source: a document, data, or a witness first-hand", required=False
    )
    interest = Words(
        label="Interest",
        required=False,
        max_length=300,
        help_text="What the publisher has at stake, if anything.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = "What stands there is archived by the desk."
        if archive := depositing.archive():
            kept += f" {archive} is told the address, and shows to all what it finds there."
        self.fields["url"].help_text = kept

    def clean_quote(self) -> str:
        return _lines(self.cleaned_data["quote"])


class WithdrawEvidenceForm(LeaseForm):
    reason = Words(label="Why it no longer counts", max_length=500)


class HandOverForm(LeaseForm):
    """To whom a held review goes, and what they should know."""

    to = forms.ModelChoiceField(
        User.objects.checkers(),
        label="To",
        to_field_name="username",
        empty_label="Choose a colleague",
    )
    note = Words(
        label="What they should know", max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def offer_to_others_than(self, user: User) -> None:
        """Nobody hands over to themselves."""
        to = cast(forms.ModelChoiceField, self.fields["to"])
        to.queryset = User.objects.checkers().exclude(pk=user.pk)

    def clean_note(self) -> str:
        return _lines(self.cleaned_data["note"])


def _morning(day: date) -> datetime:
    """When the desk opens on a day: at eight by its own clock."""
    return timezone.make_aware(datetime.combine(day, time(8)))


def _day(label: str, help_text: str) -> forms.DateField:
    """A day to come; how far it may be away, the move itself says."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, help_text=help_text, widget=widget)


class SnoozeForm(LeaseForm):
    """Until when a held review is put aside, and for which reply."""

    until = _day("Until", "It comes back to you that morning by itself. Save first what you typed.")
    waits_for = Words(
        label="What you wait for",
        max_length=300,
        help_text="Whose reply, and to what. Your colleagues see it in the list.",
    )

    def clean_until(self) -> datetime:
        return _morning(self.cleaned_data["until"])


class DueForm(forms.Form):
    """When a check is due, set by hand."""

    due_at = _day("Due on", "Its spread no longer decides the date; you do.")
    reason = Words(label="Why then", max_length=500)

    def clean_due_at(self) -> datetime:
        return _morning(self.cleaned_data["due_at"])


class TopicsForm(forms.Form):
    """What a claim is about, set by hand."""

    topics = forms.MultipleChoiceField(
        label="Topics",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Its words no longer decide them; you do.",
    )
    reason = Words(label="Why it belongs there", max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        topics = cast(forms.MultipleChoiceField, self.fields["topics"])
        self.names = dict(ReviewTopic.objects.order_by("name").values_list("slug", "name"))
        topics.choices = list(self.names.items())

    def told(self, slugs: Collection[str]) -> str:
        """Name those of the topics that have one of these slugs."""
        return ", ".join(name for slug, name in self.names.items() if slug in slugs)


class RecheckForm(forms.Form):
    """What a new look at an unproven verdict found, and when the next is due."""

    found = Words(
        label="What you looked at",
        max_length=1000,
        help_text="And why there is still no conclusion.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    again_at = _day("Look again on", "You are reminded that morning.")

    def clean_again_at(self) -> datetime:
        return _morning(self.cleaned_data["again_at"])


class ReplyForm(LeaseForm):
    """What somebody who was asked replied, and when."""

    replied_on = _day("Replied on", "")
    reply = Words(
        max_length=10_000,
        help_text="In their own words; what was left out marked as left out.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_reply(self) -> str:
        return _lines(self.cleaned_data["reply"])


class ContactForm(LeaseForm):
    """Whom a checker asked, how, when and what."""

    whom = Words(
        label="Who was asked", max_length=200, help_text="The claimant, or whoever speaks for them."
    )
    way = forms.ChoiceField(label="How", choices=Way.choices)
    asked_on = _day("Asked on", "")
    question = Words(
        label="What was asked", max_length=4_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    reply_by = _day("Reply asked for by", "")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reply_by"].required = False

    def clean_question(self) -> str:
        return _lines(self.cleaned_data["question"])

    def told(self) -> Told:
        """Return what was typed."""
        typed = self.cleaned_data
        return Told(**{name: typed[name] for name in Told.__slots__ if name in typed})


class CorrectContactForm(ContactForm):
    """What an entry of the log should have said, with the reply, and why."""

    replied_on = _day("Replied on", "")
    reply = Words(required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 2}))
    why = Words(label="Why it is corrected", max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["replied_on"].required = False

    def clean_reply(self) -> str:
        return _lines(self.cleaned_data["reply"])


class TickForm(LeaseForm):
    """A point of the checklist, by its text, and what the checker says to it."""

    point = forms.CharField(max_length=LONGEST_POINT, widget=forms.HiddenInput)
    note = Words(required=False, max_length=500)


class PointForm(forms.Form):
    """One point of the checklist, as a supervisor edits it."""

    text = Words(label="Point", max_length=LONGEST_POINT)
    help = Words(required=False, max_length=500, label="Help")
    required = forms.BooleanField(required=False, label="No verdict is submitted without it")
    kind = forms.ChoiceField(
        label="Asked only where this stands",
        required=False,
        choices=lambda: [("", "Always asked"), *kinds()],
    )

    def point(self) -> Point:
        """Return what was typed."""
        return Point(**{name: self.cleaned_data[name] for name in Point.__slots__})


class Points(forms.BaseFormSet):
    """The points of the checklist, as a supervisor edits them together."""

    def points(self) -> list[Point]:
        """Return what was typed, in its order, without what is left out."""
        return [form.point() for form in self.ordered_forms]


PointsForm = cast(
    type[Points],
    forms.formset_factory(
        PointForm, Points, extra=2, can_order=True, can_delete=True,
        max_num=AT_MOST, absolute_max=2 * AT_MOST,
    ),
)  # fmt: skip


class EditForm(forms.Form):
    """On top of which version the checklist is edited, and why."""

    seq = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    why = Words(label="Why it changes", max_length=500)


class ReadForm(forms.Form):
    """Up to which notification somebody was shown their list."""

    up_to = forms.IntegerField(min_value=1)


class MailForm(forms.Form):
    """How a person wants each kind of notification by mail: one choice a kind."""

    def __init__(self, *args: Any, wanted: Mapping[Kind, Mail], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, mail in wanted.items():
            self.fields[kind.value] = forms.ChoiceField(
                label=kind.label, choices=Mail.choices, initial=mail, widget=forms.RadioSelect
            )

    def chosen(self) -> dict[Kind, Mail]:
        return {Kind(kind): Mail(mail) for kind, mail in self.cleaned_data.items()}


class FlagForm(LeaseForm):
    """A person's decision on a flag."""

    state = forms.ChoiceField(choices=Flag.State.choices)
    reason = Words(required=False, max_length=500)


class FlagsForm(LeaseForm):
    """A person's decision on several flags of an article: single ones, and all of a rule."""

    article = forms.SlugField(widget=forms.HiddenInput, max_length=10)
    state = forms.ChoiceField(choices=Flag.State.choices)
    flag = forms.TypedMultipleChoiceField(required=False)
    rule = forms.TypedMultipleChoiceField(required=False)
    reason = Words(required=False, max_length=LONGEST_REASON)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        for name in ("flag", "rule"):  # what is there, the room knows
            field = cast(forms.TypedMultipleChoiceField, self.fields[name])
            field.choices = [(one, one) for one in data.getlist(name)]


class ReasonForm(forms.Form):
    """Why a review is dismissed, reopened, corrected or taken over."""

    reason = Words(max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))

    def clean_reason(self) -> str:
        return _lines(self.cleaned_data["reason"])


class DismissForm(ReasonForm):
    """Names the lease too, if the page was opened under one."""

    token = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)

    def clean_token(self) -> int:
        return self.cleaned_data["token"] or 0


class CommentForm(forms.Form):
    """What a colleague says, and the passage meant, if any."""

    body = Words(
        label="Comment for your colleagues",
        max_length=4000,
        help_text="Write @ and a user name to tell somebody.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    about = forms.ChoiceField(
        required=False,
        choices=[
            (comments.WHOLE, "the review as a whole"),
            (comments.ARTICLE, "the article shown"),
            *Comment.Field.choices,
        ],
    )
    quote = forms.CharField(
        label="The words meant",
        required=False,
        max_length=1000,
        help_text="Copied from there. What you select in the article, the key c fills in.",
    )
    article = forms.SlugField(required=False, max_length=10)

    def said(self) -> dict[str, str]:
        """Return what was said, with line ends as they are stored."""
        read = self.cleaned_data
        about = read["about"] or comments.WHOLE
        return read | {"about": about, "body": _lines(read["body"])}


class ThreadReplyForm(forms.Form):
    body = Words(label="Your reply", max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))

    def clean_body(self) -> str:
        return _lines(self.cleaned_data["body"])


class ResolveForm(forms.Form):
    """Whether a thread is resolved, or open again."""

    resolved = forms.ChoiceField(choices=[("yes", "Resolve"), ("no", "Open it again")])


class AskForm(forms.Form):
    """Of whom a second opinion is asked, and why."""

    of = forms.ModelChoiceField(
        User.objects.checkers(),
        label="Of whom",
        to_field_name="username",
        required=False,
        empty_label="Whoever begins first",
        help_text=(
            "Somebody who has not read it; who approves verdicts gives it only if named here. "
            "Neither sees the other until both are in."
        ),
    )
    why = Words(label="Why", max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))

    def clean_why(self) -> str:
        return _lines(self.cleaned_data["why"])


class OpinionForm(forms.Form):
    """What the second checker found."""

    rating = forms.ChoiceField(choices=ratings.choices)
    summary = Words(
        label="What you found",
        max_length=600,
        help_text="The finding in one or two sentences.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    reasons = Words(
        label="What it rests on",
        max_length=10_000,
        help_text="Sources with their addresses, and how they bear on the claim.",
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        return given | {
            name: _lines(given[name]) for name in ("summary", "reasons") if name in given
        }


class AdjudicateForm(forms.Form):
    """How a supervisor decides between the two; names the version of the verdict that was read."""

    seq = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    outcome = forms.ChoiceField(choices=SecondOpinion.Outcome.choices, widget=forms.RadioSelect)
    reason = Words(
        label="Why, for both checkers",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_reason(self) -> str:
        return _lines(self.cleaned_data["reason"])


class DecisionForm(forms.Form):
    """Names the exact version that was read; the page writes it, so that it names what it shows."""

    seq = forms.IntegerField(min_value=1)
    content_hash = forms.CharField(min_length=64, max_length=64)
    comment = Words(
        label="To say with your decision",
        required=False,
        max_length=4000,
        help_text="To return it: what should change, if comments on passages do not say it all.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RestoreForm(LeaseForm):
    """Names the version on top of which an older one is written again."""

    seq = forms.IntegerField(min_value=1)


class AdoptForm(LeaseForm):
    """Names the version on top of which an earlier verdict is adopted (0 if there is none).

    `checked` is the version of that verdict which was read.
    """

    seq = forms.IntegerField(min_value=0)
    checked = forms.IntegerField(min_value=1)


class SuggestionForm(forms.Form):
    """What a person decides about a suggestion; `open` takes a decision back."""

    state = forms.ChoiceField(choices=Suggestion.State.choices)
    reason = Words(required=False, max_length=LONGEST_REASON)


class RegroupForm(forms.Form):
    """Why claims are merged or split, or an appearance linked; `into` is the other claim."""

    into = forms.SlugField(required=False, max_length=10)
    reason = Words(required=False, max_length=LONGEST_REASON)


class CompareForm(forms.Form):
    """Two versions by their number, in the address as `from` and `to`, and which are listed."""

    old = forms.IntegerField(required=False, min_value=1)
    new = forms.IntegerField(required=False, min_value=1)
    before = forms.IntegerField(required=False, min_value=2)
    who = forms.ChoiceField(required=False)
    field = forms.ChoiceField(
        label="What changed",
        required=False,
        choices=[("", "Anything"), *history.FIELD_LABELS.items()],
    )

    def __init__(self, data: QueryDict, people: Mapping[int, str]) -> None:
        """:param people: who wrote a version, by key."""
        super().__init__(data)
        who = cast(forms.ChoiceField, self.fields["who"])
        who.choices = [("", "Anybody"), *((str(key), name) for key, name in people.items())]

    def asked(self, name: str) -> Any:
        """Return what was asked for under `name`; what makes no sense is nothing."""
        self.is_valid()
        return self.cleaned_data.get(name)

    def add_prefix(self, field_name: str) -> str:
        return {"old": "from", "new": "to"}.get(field_name, field_name)


def _lines(text: str) -> str:
    """Return `text` with LF for a browser's CRLF, so that no hash depends on the browser."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
