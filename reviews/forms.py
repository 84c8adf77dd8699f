"""What people may send to the desk, field by field."""

from __future__ import annotations

from django import forms
from django.db.models import Q, QuerySet

from claims import text as engine
from claims.models import Flag, Source, Suggestion
from reviews import listing, ratings
from reviews.history import Draft
from reviews.models import Evidence, Review, User

LONGEST_REASON = 500  # characters


def kinds() -> list[tuple[str, str]]:
    return [("", "Any kind"), *((kind.value, kind.label) for kind in engine.FlagKind)]


def languages() -> list[tuple[str, str]]:
    """Those of the reviews there are."""
    codes = Review.objects.order_by("language").values_list("language", flat=True).distinct()
    return [("", "Any language"), *((code, code) for code in codes)]


def people_who_check() -> QuerySet[User]:
    """Those who may hold a review."""
    may_check = Q(groups__permissions__codename="check_review") | Q(is_superuser=True)
    people = User.objects.filter(may_check, is_active=True).distinct()
    return people.order_by("first_name", "last_name", "username")


class QueueForm(forms.Form):
    """The filters of the queue. What makes no sense narrows nothing: an old link still works."""

    q = forms.CharField(
        label="Words in the claim",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "data-key": "/"}),
    )
    kind = forms.ChoiceField(label="Kind of flag", required=False, choices=kinds)
    language = forms.ChoiceField(required=False, choices=languages)
    source = forms.ModelChoiceField(
        Source.objects.filter(outside=False).order_by("name"),
        to_field_name="ref",
        required=False,
        empty_label="Any source",
    )
    holder = forms.ModelChoiceField(
        people_who_check(), to_field_name="username", required=False, empty_label="Anybody"
    )

    def filters(self) -> listing.Filters:
        """Return the filters that could be read."""
        self.is_valid()
        read = self.cleaned_data
        return listing.Filters(
            kind=read.get("kind", ""),
            language=read.get("language", ""),
            source=read.get("source"),
            holder=read.get("holder"),
            words=read.get("q", "").strip(),
        )


class LeaseForm(forms.Form):
    """Names the lease under which something is written."""

    token = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class VerdictForm(LeaseForm):
    """A verdict as typed, and the version it was typed over. Anything may still be empty."""

    seq = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    rating = forms.ChoiceField(required=False, choices=ratings.choices)
    claim_wording = forms.CharField(
        label="Claim as checked",
        required=False,
        max_length=1_000,
        help_text="One sentence that stands by itself: who, what, when. This is what gets rated.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    summary = forms.CharField(
        required=False,
        max_length=600,
        help_text="What readers see first: the finding in one or two sentences.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    explanation = forms.CharField(
        required=False,
        max_length=20_000,
        help_text="How the evidence leads to the rating, and what could not be found out.",
        widget=forms.Textarea(attrs={"rows": 8}),
    )

    correction = forms.CharField(
        label="What is corrected, for readers",
        required=False,
        max_length=1_000,
        help_text="What was wrong and why it changed. It stands on the page for good.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def rebase(self, seq: int) -> None:
        """Put what was typed on top of version `seq`, which the person is now shown."""
        self.data = {name: self.data.get(name) for name in self.data} | {"seq": str(seq)}

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


class EvidenceForm(LeaseForm):
    title = forms.CharField(label="Title of the document", max_length=300)
    publisher = forms.CharField(max_length=200, help_text="Who published it.")
    url = forms.URLField(label="Address", required=False, assume_scheme="https", max_length=2000)
    quote = forms.CharField(
        max_length=4_000,
        help_text="The words that matter, as they stand there.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    stance = forms.ChoiceField(choices=Evidence.Stance.choices, widget=forms.RadioSelect)
    is_primary = forms.BooleanField(
        label="Primary source: a document, data, or a witness first-hand", required=False
    )
    interest = forms.CharField(
        label="Interest",
        required=False,
        max_length=300,
        help_text="What the publisher has at stake, if anything.",
    )

    def clean_quote(self) -> str:
        return _lines(self.cleaned_data["quote"])


class WithdrawEvidenceForm(LeaseForm):
    reason = forms.CharField(label="Why it no longer counts", max_length=500)


class FlagForm(LeaseForm):
    """A person's decision on a flag."""

    state = forms.ChoiceField(choices=Flag.State.choices)
    reason = forms.CharField(required=False, max_length=500)


class ReasonForm(forms.Form):
    """Why a review is dismissed, reopened or corrected."""

    reason = forms.CharField(max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))

    def clean_reason(self) -> str:
        return _lines(self.cleaned_data["reason"])


class DismissForm(ReasonForm):
    """Names the lease too, if the page was opened under one."""

    token = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)

    def clean_token(self) -> int:
        return self.cleaned_data["token"] or 0


class CommentForm(forms.Form):
    body = forms.CharField(
        label="Comment for your colleagues",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class DecisionForm(forms.Form):
    """Names the exact version that was read; the page writes it, so that it names what it shows."""

    seq = forms.IntegerField(min_value=1)
    content_hash = forms.CharField(min_length=64, max_length=64)
    comment = forms.CharField(
        required=False,
        max_length=4000,
        help_text="To return it: what should change. To approve it: optional.",
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
    reason = forms.CharField(required=False, max_length=LONGEST_REASON)


class RegroupForm(forms.Form):
    """Why claims are merged or split, or an appearance linked; `into` is the other claim."""

    into = forms.SlugField(required=False, max_length=10)
    reason = forms.CharField(required=False, max_length=LONGEST_REASON)


class CompareForm(forms.Form):
    """Two versions by their number, in the address as `from` and `to`."""

    old = forms.IntegerField(required=False, min_value=1)
    new = forms.IntegerField(required=False, min_value=1)

    def add_prefix(self, field_name: str) -> str:
        return {"old": "from", "new": "to"}.get(field_name, field_name)


def _lines(text: str) -> str:
    """Return `text` with LF for a browser's CRLF, so that no hash depends on the browser."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
