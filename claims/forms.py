"""What people may send about what was said, field by field."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from claims import correcting, following, importing, intake, reading
from claims.models import Article, Feed
from claims.reading import Document

LONGEST_REASON = 500  # characters
LONGEST_QUOTATION = 2000
LONGEST_LIST = 1_000_000  # characters of the addresses that are handed in together
LONGEST_TO_EDIT = 200_000  # of a text that is edited in a page
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]+)?")


class AddressForm(forms.Form):
    """An address that may be a feed, or a page that names one."""

    address = forms.CharField(
        label="Address of a feed, a sitemap or a site",
        max_length=2000,
        help_text="Nothing is taken from it until you have seen what it brings, and keep it.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )


class FeedForm(forms.Form):
    """Who publishes what a feed brings, and how often it is polled."""

    source = forms.CharField(
        required=False,
        max_length=200,
        help_text="Whose articles these are. Empty: whoever each page names.",
    )
    every = forms.IntegerField(
        label="Minutes between two polls",
        required=False,
        min_value=following.OFTENEST,
        max_value=following.RAREST,
        help_text="Empty: as it brings news, from ten minutes to six hours.",
    )

    @classmethod
    def of(cls, feed: Feed) -> FeedForm:
        """The form as `feed` stands."""
        return cls(initial={"source": feed.source or "", "every": feed.every})


class ReasonForm(forms.Form):
    """Why something is done, for those who ask later."""

    reason = forms.CharField(required=False, max_length=LONGEST_REASON)


class PageForm(forms.Form):
    """A web address that is to be read, and the passage that somebody marked there."""

    address = forms.CharField(
        label="Web address of the article",
        max_length=2000,
        help_text="It is fetched now. You see what was read before anything is kept.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )
    quotation = forms.CharField(
        label="Passage in it",
        required=False,
        max_length=LONGEST_QUOTATION,
        help_text="What drew your attention; it is marked in the text that was read.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class AddressesForm(forms.Form):
    """Many web addresses that are to be read without being shown first."""

    addresses = forms.CharField(
        label="Web addresses, one on each line",
        max_length=LONGEST_LIST,
        help_text=f"Up to {importing.MOST_ADDRESSES:,}. Each site is asked for one at a time, as "
        "its robots.txt allows. What is no address is in the report.",
        widget=forms.Textarea(attrs={"rows": 6, "inputmode": "url", "class": "addresses"}),
    )


class PastedForm(forms.Form):
    """A text that was copied from somewhere."""

    text = forms.CharField(strip=False, widget=forms.Textarea(attrs={"rows": 8}))
    stands_at = forms.CharField(
        label="Web address where it stands",
        required=False,
        max_length=2000,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )

    def clean_stands_at(self) -> str:
        return _web_address(self.cleaned_data["stands_at"])


class FactsForm(forms.Form):
    """What is said of a document; as it was read until somebody corrects it.

    What was typed is told as a document has it, so that what nobody changed is no correction.
    """

    title = forms.CharField(max_length=reading.LONGEST_TITLE)
    source = forms.CharField(
        label="Outlet",
        required=False,
        max_length=intake.LONGEST["source"],
        help_text="Who published it. Empty: unknown.",
        widget=forms.TextInput(attrs={"list": "sources"}),
    )
    author = forms.CharField(required=False, max_length=300)
    published_on = forms.DateField(
        label="Date",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    language = forms.CharField(
        required=False,
        max_length=intake.LONGEST["language"],
        help_text="A code such as en or pt-BR. Empty: told from the text.",
    )
    url = forms.CharField(label="Web address", required=False, max_length=2000)
    licence = forms.CharField(required=False, max_length=300)

    def __init__(self, data: Any = None, *, document: Document, auto_id: str = "id_%s") -> None:
        self.document = document
        known = {name: getattr(document, name, "") for name in self.base_fields}
        if document.source == reading.UNKNOWN_SOURCE:
            known["source"] = ""
        super().__init__(data, initial=known, auto_id=auto_id)

    def clean_title(self) -> str:
        return reading.label(self.cleaned_data["title"], reading.LONGEST_TITLE)

    def clean_source(self) -> str:
        named = reading.label(self.cleaned_data["source"], intake.LONGEST["source"])
        return named or reading.UNKNOWN_SOURCE

    def clean_author(self) -> str:
        return reading.label(self.cleaned_data["author"], 300)

    def clean_licence(self) -> str:
        return reading.label(self.cleaned_data["licence"], 300)

    def clean_language(self) -> str:
        code = self.cleaned_data["language"]
        if code and code != self.document.language and not _LANGUAGE.fullmatch(code):
            raise forms.ValidationError("This is not a language code such as en or pt-BR.")
        return str(code)

    def clean_url(self) -> str:
        return self._address("url")

    def _address(self, name: str) -> str:
        typed = self.cleaned_data[name]
        return typed if typed == getattr(self.document, name) else _web_address(typed)


class OfferForm(FactsForm):
    """What is said of a document that is handed in, with its text."""

    canonical = forms.CharField(
        label="Canonical address",
        required=False,
        max_length=2000,
        help_text="The one address under which its own site wants it known.",
    )
    text = forms.CharField(
        strip=False,
        help_text="As it is stored, without formatting. The bytes that came are kept as they are.",
        widget=forms.Textarea(attrs={"rows": 14}),
    )
    field_order = (
        "title", "source", "author", "published_on", "language", "url", "canonical", "licence",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, document: Document) -> None:
        super().__init__(data, document=document)
        if len(document.text) > LONGEST_TO_EDIT:
            del self.fields["text"]

    def clean_canonical(self) -> str:
        return self._address("canonical")

    def clean_text(self) -> str:
        return reading.clean(self.cleaned_data["text"])


class CorrectionForm(FactsForm):
    """What is wrong of what is known of an article, and how somebody knows.

    What its sender saw comes along, so that what they left as it was is not said by them.
    """

    reason = forms.CharField(
        label="How you know", required=False, max_length=LONGEST_REASON,
        help_text="It stays in the history of the article.",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, article: Article) -> None:
        super().__init__(data, document=correcting.said_of(article), auto_id="correct-%s")
        for name in correcting.FIELDS:
            self.fields[name].show_hidden_initial = True

    def said(self) -> dict[str, Any]:
        """What they changed of it, and why."""
        changed = {"reason", *self.changed_data}
        return {name: one for name, one in self.cleaned_data.items() if name in changed}

    def clean_reason(self) -> str:
        return reading.label(self.cleaned_data["reason"], LONGEST_REASON)


def _web_address(typed: str) -> str:
    """The address as it is stored; "" for none typed."""
    written = typed if "://" in typed or not typed else f"https://{typed}"
    address = reading.web_address(written)
    if typed and not address:
        raise forms.ValidationError("This is not a web address.")
    return address
