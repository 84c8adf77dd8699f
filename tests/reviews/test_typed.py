"""What people type for others holds nothing that nobody sees and no feed can write."""

from __future__ import annotations

import pytest
from django import forms as django_forms
from django.core.exceptions import ValidationError

from reviews import forms
from reviews.typed import Words

PLAIN = {  # told by the page or no words; the words meant are quoted as the article has them
    "CommentForm.quote", "DecisionForm.content_hash", "EvidenceForm.url", "CommentForm.article",
    "RegroupForm.into",
}  # fmt: skip


@pytest.mark.parametrize(
    "typed", ["Landings fell\tby\r\nhalf.\n", "Порт — «Brenna» 👩\u200d🔬\x85\ufffd"]
)
def test_words_are_taken_as_they_are(typed):
    assert Words(strip=False).clean(typed) == typed


@pytest.mark.parametrize(
    ("typed", "place", "name"),
    [
        ("The landings of 2024 fell\x0b by half.", "After “landings of 2024 fell”", "U+000B"),
        ("\x01Landings fell.", "At its beginning", "U+0001"),
        ("Fell\0 by\x1b half.", "After “Fell”", "U+0000"),
    ],
)
def test_a_character_that_no_feed_can_hold_is_refused_with_its_place(typed, place, name):
    with pytest.raises(ValidationError) as refused:
        Words().clean(typed)

    assert refused.value.messages[0] == (
        f"{place} stands a character that nobody can see (character {name}). Take it out there."
    )


def test_no_form_of_reviews_takes_words_otherwise():
    plain = {
        f"{form.__name__}.{name}"
        for form in vars(forms).values()
        if isinstance(form, type) and issubclass(form, django_forms.Form)
        for name, field in form.base_fields.items()
        if isinstance(field, django_forms.CharField)
        and not (isinstance(field, Words) or field.widget.is_hidden)
    }

    assert plain == PLAIN
