"""What people may send about the queue: what narrows it, what orders it, who is offered what."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.translation import get_language_info

from claims import text as engine
from claims.models import Claimant, Source
from reviews import listing, ratings
from reviews.models import ReviewTopic, User, Weights
from reviews.ordering import HARM, MOST_APPROVALS, MOST_TOPIC_POINTS
from reviews.states import Status

WEIGHTS = {
    "worthiness": "Worth checking",
    "unverified": "Said to be unverified",
    "dropped": "Caution dropped by copies",
    "spread": "Copies",
    "pace": "Copies an hour",
    "harm": "Harm of its topic",
    "age": "Age",
    "due": "Due date",
}


ANY = {"topic": "Any topic", "source": "Any source", "holder": "Anybody"}


def kinds() -> list[tuple[str, str]]:
    return [("", "Any kind"), *((kind.value, kind.label) for kind in engine.FlagKind)]


def languages() -> list[tuple[str, str]]:
    """Those in which claims are found."""
    names = {code: get_language_info(code)["name"] for code in engine.LANGUAGES}
    return [("", "Any language"), *sorted(names.items(), key=lambda language: language[1])]


def rated() -> list[tuple[str, str]]:
    return [("", "Any rating"), *ratings.choices()]


class QueueForm(forms.Form):
    """The filters of the queue. What makes no sense narrows nothing: an old link still works."""

    q = forms.CharField(
        label="Words",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "data-key": "/"}),
    )
    where = forms.ChoiceField(
        label="Search in",
        required=False,
        choices=[("", "Claims and verdicts"), ("articles", "Articles")],
    )
    kind = forms.ChoiceField(label="Kind of flag", required=False, choices=kinds)
    language = forms.ChoiceField(required=False, choices=languages)
    source = forms.ChoiceField(required=False)
    holder = forms.ChoiceField(required=False)
    topic = forms.ChoiceField(required=False)
    status = forms.ChoiceField(required=False, choices=[("", "Any status"), *Status.choices])
    rating = forms.ChoiceField(required=False, choices=rated)
    due = forms.ChoiceField(required=False, choices=[("", "Any date"), *listing.Due.choices])
    origins = forms.TypedChoiceField(
        label="Independent origins",
        required=False,
        coerce=int,
        choices=[("", "Any number"), ("2", "2 or more"), ("5", "5 or more")],
    )
    claimant = forms.CharField(label="Claimant's name", required=False, max_length=200)
    sort = forms.ChoiceField(label="Order", required=False, choices=listing.Sort.choices)

    def __init__(
        self, data: QueryDict, known: dict[str, list[listing.Choice]] | None = None
    ) -> None:
        """:param known: the vocabulary, where it was asked for already."""
        super().__init__(data)
        self.known = listing.vocabulary() if known is None else known
        for name, choices in self.known.items():
            field = cast(forms.ChoiceField, self.fields[name])
            field.choices = [("", ANY[name]), *((one.value, one.name) for one in choices)]

    def order(self) -> listing.Sort:
        """Return the order asked for; by priority, if it could not be read."""
        self.is_valid()
        return listing.Sort(self.cleaned_data.get("sort") or listing.Sort.PRIORITY)

    def view(self) -> listing.View:
        """Return the view asked for; Open, if it is none."""
        asked = self.data.get("view", "")
        return listing.View(asked) if asked in listing.View.values else listing.View.OPEN

    def words(self) -> str:
        """Return the words to search for."""
        self.is_valid()
        words: str = self.cleaned_data.get("q", "")
        return words

    def name(self) -> str:
        """Return what the claimant is called."""
        self.is_valid()
        name: str = self.cleaned_data.get("claimant", "")
        return name

    def filters(self, user: User, asked: listing.Asked | None = None) -> listing.Filters:
        """Return the filters that could be read, as `user` may use them.

        :param asked: what `listing.asked` made of words and names, where it was asked already.
        """
        words, name = self.words(), self.name()
        if asked is None and (words or name or self.cleaned_data.get("rating")):
            asked = listing.asked(user, [words], [name])
        read = self.cleaned_data
        return listing.Filters(
            kind=read.get("kind", ""),
            language=read.get("language", ""),
            source=self._key("source"),
            holder=self._key("holder"),
            search=asked.searches.get(words, "") if asked else "",
            in_articles=read.get("where") == "articles",
            topic=read.get("topic", ""),
            rating=read.get("rating", ""),
            status=read.get("status", ""),
            due=read.get("due", ""),
            origins=read.get("origins") or 0,
            claimant=name,
            claimants=asked.claimants.get(name, ()) if asked else (),
            unseen=asked.unseen if asked else None,
        )

    def address(self) -> str:
        """Return the query of this view with what narrows and orders it, always written alike."""
        self.is_valid()
        given = {name: self.data.get(name, "").strip() for name in self.cleaned_data}
        told = {name: value for name, value in sorted(given.items()) if value}
        return urlencode({"view": self.view().value} | told)

    def _key(self, name: str) -> int:
        keys = {choice.value: choice.key for choice in self.known[name]}
        return keys.get(self.cleaned_data.get(name, ""), 0)


class SavedViewForm(forms.Form):
    """A view of the queue under a name."""

    name = forms.CharField(max_length=60)
    shared = forms.BooleanField(label="Share it with colleagues", required=False)


class NewViewForm(SavedViewForm):
    query = forms.CharField(required=False, max_length=1_000, widget=forms.HiddenInput)

    def clean_query(self) -> str:
        """Keep only what the queue understands, so that no view leads elsewhere."""
        return QueueForm(QueryDict(self.cleaned_data["query"])).address()


class WeightsForm(forms.Form):
    """How many points each reason can give a review; filled in from `base`."""

    why = forms.CharField(
        label="Why they change", max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, base: Weights, data: QueryDict | None) -> None:
        super().__init__(data)
        self.fields["why"].required = "preview" not in self.data
        for part, label in WEIGHTS.items():
            self.fields[part] = forms.IntegerField(
                label=label, min_value=0, max_value=100, initial=getattr(base, part)
            )
        self.topics = list(ReviewTopic.objects.order_by("name"))
        for topic in self.topics:
            self.fields[f"topic-{topic.slug}"] = forms.IntegerField(
                label=topic.name, min_value=-MOST_TOPIC_POINTS, max_value=MOST_TOPIC_POINTS,
                initial=base.topics.get(topic.slug, 0),
            )  # fmt: skip
        self.order_fields([name for name in self.fields if name != "why"])

    def chosen(self) -> dict[str, dict[str, int]]:
        """Return the "points" of the parts and of the "topics" as typed, else as they are."""
        self.is_valid()

        def value(name: str) -> int:
            typed = self.cleaned_data.get(name) if self.is_bound else None
            return int(self.fields[name].initial if typed is None else typed)

        return {
            "points": {part: value(part) for part in WEIGHTS},
            "topics": {topic.slug: value(f"topic-{topic.slug}") for topic in self.topics},
        }

    def weights(self) -> Weights | None:
        """Return them as a row that is not stored; None while a number makes no sense."""
        wrong = set(self.errors) - {"why"} if self.is_bound else set()
        if wrong:
            return None
        chosen = self.chosen()
        return Weights(topics=chosen["topics"], **chosen["points"])


class TopicForm(forms.Form):
    """A topic, the words by which claims are put under it, and the harm of false ones."""

    name = forms.CharField(max_length=60)
    words = forms.CharField(
        required=False,
        max_length=2000,
        help_text="One on each line. A word that ends in * stands for all that begin so.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    harm = forms.TypedChoiceField(
        label="Harm that a false claim can do", coerce=int, choices=HARM, initial=0
    )
    approvals = forms.IntegerField(
        label="Approvals that a verdict needs",
        min_value=1,
        max_value=MOST_APPROVALS,
        initial=1,
        help_text="By different people, none of whom wrote it.",
    )

    @staticmethod
    def of(topic: ReviewTopic | None) -> dict[str, Any]:
        """What the form of a topic says."""
        if topic is None:
            return {}
        return {
            "name": topic.name, "words": "\n".join(topic.words), "harm": topic.harm,
            "approvals": topic.approvals,
        }  # fmt: skip

    def clean_words(self) -> list[str]:
        words = [word.strip() for word in self.cleaned_data["words"].splitlines()]
        if long := [word for word in words if len(word) > 60]:
            raise forms.ValidationError(f"“{long[0][:20]}…” is longer than 60 characters.")
        return [word for word in dict.fromkeys(words) if word.strip("*")]


class ProfileForm(forms.Form):
    """In which languages and on which topics somebody is offered reviews."""

    languages = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, help_text="None ticked: all."
    )
    topics = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, help_text="None ticked: all."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        spoken = cast(forms.MultipleChoiceField, self.fields["languages"])
        spoken.choices = languages()[1:]
        known = cast(forms.MultipleChoiceField, self.fields["topics"])
        known.choices = list(ReviewTopic.objects.order_by("name").values_list("slug", "name"))


class ConflictForm(forms.Form):
    """About what somebody is not impartial: one source, claimant or topic."""

    source = forms.ModelChoiceField(
        Source.objects.filter(outside=False).order_by("name"),
        to_field_name="ref", required=False, empty_label="No source",
    )  # fmt: skip
    topic = forms.ModelChoiceField(
        ReviewTopic.objects.order_by("name"),
        to_field_name="slug", required=False, empty_label="No topic",
    )  # fmt: skip
    claimant = forms.CharField(
        label="Claimant's name",
        required=False,
        max_length=200,
        help_text="As it stands in a claim.",
    )
    words = forms.CharField(
        label="What it is",
        max_length=1000,
        help_text="Work, family, money, a dispute. Supervisors read it.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        name = given.get("claimant", "")
        if name:
            given["claimant"] = Claimant.objects.filter(name__iexact=name).first()
            if given["claimant"] is None:
                self.add_error("claimant", f"Nobody named “{name}” has made a claim here.")
                return given
        about = [given[kind] for kind in ("source", "topic", "claimant") if given.get(kind)]
        if len(about) != 1:
            raise forms.ValidationError("Choose one source, one topic or one claimant.")
        return given | {"about": about[0]}


class RuleForm(forms.Form):
    """Which submitted verdicts get a second opinion by themselves."""

    share = forms.IntegerField(
        label="Verdicts in a hundred, drawn by lot", min_value=0, max_value=100
    )
    topics = forms.MultipleChoiceField(
        label="Every verdict on", required=False, widget=forms.CheckboxSelectMultiple
    )
    why = forms.CharField(label="Why", max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        topics = cast(forms.MultipleChoiceField, self.fields["topics"])
        topics.choices = list(ReviewTopic.objects.order_by("name").values_list("slug", "name"))
