"""What people type about tokens, tips and tables of claims."""

from __future__ import annotations

from django import forms

from claims import tokens
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
