"""What people may send about the policy: the terms of a version, and a reason to go without."""

from __future__ import annotations

from typing import Any

from django import forms

from reviews.policy import LONGEST_REASON, MOST_SOURCES, Demand, Terms
from reviews.standards import Requirement

HELP = {
    Requirement.CHECKLIST: "Which points are required, the checklist itself says.",
    Requirement.SOURCES: (
        "Publishers cited as evidence. What copies the other, or rests on the same, counts once."
    ),
    Requirement.CONTACT: "Whoever made the claim, or speaks for them, was asked.",
}


class TermsForm(forms.Form):
    """What a version asks, on top of which version, and why it changes."""

    seq = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    at_least = forms.IntegerField(
        label="How many independent sources", min_value=1, max_value=MOST_SOURCES
    )
    why = forms.CharField(label="Why it changes", max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for requirement in Requirement:
            demands = [one for one in Demand if not _takes_no_reason(requirement, one)]
            label = str(requirement.label)
            self.fields[requirement.value] = forms.ChoiceField(
                label=f"{label[0].upper()}{label[1:]}",
                choices=[(one.value, one.label) for one in demands],
                help_text=HELP.get(requirement, ""),
            )
        self.order_fields(["checklist", "sources", "at_least", "contact", "both_sides", "primary"])

    def asked(self) -> Terms:
        """Return what was chosen."""
        return Terms(**{name: self.cleaned_data[name] for name in Terms.__slots__})


def _takes_no_reason(requirement: Requirement, demand: Demand) -> bool:
    """A point of the checklist is ticked, with a note if need be."""
    return requirement == Requirement.CHECKLIST and demand == Demand.OR_REASON


class ExemptionForm(forms.Form):
    """Why a verdict goes without something that is asked; names the lease."""

    token = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    requirement = forms.ChoiceField(choices=Requirement.choices, widget=forms.HiddenInput)
    reason = forms.CharField(label="Why it goes without", required=False, max_length=LONGEST_REASON)
