"""What people type about tokens, tips and tables of claims."""

from __future__ import annotations

import base64

from django import forms

from claims import outside, tables, tips, tokens
from claims.reading import Unreadable
from claims.tips import Asked
from reviews.models import User


class TokenForm(forms.Form):
    """A name, what the token is for, and how long it holds."""

    name = forms.CharField(
        label="Name", max_length=tokens.LONGEST_NAME, help_text="The program that will use it."
    )
    scopes = forms.MultipleChoiceField(
        label="What it may be used for", widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(
        label="It holds for",
        coerce=int,
        initial=90,
        choices=[(days, f"{days} days") for days in tokens.DAYS],
    )

    def __init__(self, owner: User, *args: object, **fields: object) -> None:
        super().__init__(*args, **fields)  # type: ignore[arg-type]
        scopes = self.fields["scopes"]
        assert isinstance(scopes, forms.MultipleChoiceField)  # noqa: S101  it is above
        scopes.choices = [
            (scope.name, scope.words)
            for scope in tokens.SCOPES.values()
            if not scope.permission or owner.has_perm(scope.permission)
        ]


class SendForm(forms.Form):
    """What a reader asks us to check. `website` is for machines alone: people do not see it."""

    text = forms.CharField(
        label="What should we check?",
        max_length=tips.LONGEST,
        help_text="The claim in its own words, or what you saw.",
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    url = forms.CharField(
        label="Where did you see it?",
        required=False,
        max_length=2000,
        help_text="The web address, if it has one.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )
    contact = forms.CharField(
        label="How can we reach you?",
        required=False,
        max_length=tips.LONGEST_CONTACT,
        help_text="Mail or telephone, only if you like us to ask back.",
        widget=forms.TextInput(attrs={"autocomplete": "email"}),
    )
    website = forms.CharField(
        label="Leave this empty",
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    @property
    def is_of_a_machine(self) -> bool:
        """Whether the field that nobody sees is filled in."""
        return bool(self.data.get("website"))

    def asked(self) -> Asked:
        """Return what was typed, as the room of tips takes it."""
        read = self.cleaned_data
        return Asked(text=read["text"], url=read["url"], contact=read["contact"])


class AcceptForm(forms.Form):
    """The claim that a tip stands for: one that is known, or its wording."""

    into = forms.SlugField(required=False, max_length=10)
    wording = forms.CharField(
        label="The claim",
        required=False,
        max_length=tips.LONGEST_WORDING,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    language = forms.RegexField(
        r"^[a-z]{2,3}$",
        label="Language",
        required=False,
        help_text="Two letters, as en; told from the wording if it is left empty.",
    )


class TipReasonForm(forms.Form):
    reason = forms.CharField(label="Why it is not checked", max_length=500)


class TableForm(forms.Form):
    """A table of claims as a file, or, after its preview, as the text that was previewed."""

    file = forms.FileField(label="The table (CSV)", required=False, allow_empty_file=True)
    name = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    packed = forms.CharField(required=False, widget=forms.HiddenInput)

    def content(self) -> tuple[bytes, str]:
        """Return the bytes and the name of the table.

        :raises Unreadable: if there is none, or it is too large.
        """
        file = self.cleaned_data["file"]
        if file is not None:
            content, name = file.read(tables.LARGEST + 1), file.name
        else:
            content, name = _unpacked(self.cleaned_data["packed"]), self.cleaned_data["name"]
        if not content:
            raise Unreadable("Choose a file that is not empty.")
        if len(content) > tables.LARGEST:
            raise Unreadable(f"The table is larger than {tables.LARGEST // 1000} kB.")
        return content, name


def _unpacked(packed: str) -> bytes:
    try:
        return base64.b64decode(packed, validate=True)
    except ValueError as error:
        raise Unreadable("Choose the file again.") from error


class ChecksForm(forms.Form):
    """Other people's checks, as a file or pasted."""

    file = forms.FileField(
        label="A file", required=False, allow_empty_file=True, help_text="JSON, or a saved page."
    )
    text = forms.CharField(
        label="Or the text",
        required=False,
        max_length=500_000,
        help_text="JSON-LD, or the source of a page.",
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )

    def content(self) -> tuple[bytes, str]:
        """Return the bytes and what they are called; nothing if nothing was given."""
        file = self.cleaned_data["file"]
        if file is not None:
            return file.read(outside.LARGEST + 1), file.name
        return self.cleaned_data["text"].encode(errors="replace"), ""
