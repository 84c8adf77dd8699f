"""Words as people type them for others to read."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError

from claims import invisible

NEARBY = 4  # words that tell where something stands


class Words(forms.CharField):
    """Text without characters that no reader sees and no feed can hold: refused with their place.

    They come along when something is pasted. What was typed stays in the form.
    """

    def validate(self, value: str) -> None:
        super().validate(value)
        if odd := invisible.unwritable_in(value):
            before = " ".join(value[: odd.start].split()[-NEARBY:])
            place = f"After “{before}”" if before else "At its beginning"
            raise ValidationError(
                f"{place} stands a character that nobody can see ({odd.name}). Take it out there.",
                code="unwritable",
            )
