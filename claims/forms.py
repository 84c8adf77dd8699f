"""What people may send about what was said, field by field."""

from __future__ import annotations

from django import forms

from claims import following
from claims.models import Feed

LONGEST_REASON = 500  # characters


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
