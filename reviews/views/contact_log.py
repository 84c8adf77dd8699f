"""The claimant-contact log as one person sees it: what stands, and the forms that add to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from reviews import contacts
from reviews.forms import ContactForm, CorrectContactForm, ReplyForm
from reviews.models import Contact, Review

Known = dict[str, Any]
PATIENCE = timedelta(days=3)  # for a reply for which no day was set


@dataclass(frozen=True, slots=True)
class Noted:
    """A form of the log that was just sent and refused, and the row it was about, if any."""

    form: forms.Form
    contact: Contact | None = None


def reply_form(
    contact: Contact, data: QueryDict | None = None, initial: Known | None = None
) -> ReplyForm:
    return ReplyForm(data, prefix="reply", auto_id=f"id_{contact.ref}_%s", initial=initial)


def correct_form(
    contact: Contact, data: QueryDict | None = None, initial: Known | None = None
) -> CorrectContactForm:
    return CorrectContactForm(
        data, prefix="correct", auto_id=f"id_{contact.ref}_%s", initial=initial
    )


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """One entry, with its forms as they were typed."""

    now: Contact
    earlier: Sequence[Contact]
    first: Contact
    reply: ReplyForm
    correct: CorrectContactForm

    @property
    def state(self) -> tuple[str, str]:
        """Whether there is a reply, in words, and in which tone."""
        contact, today = self.now, timezone.localdate()
        if contact.replied_on:
            return f"replied on {_day(contact.replied_on)}", "verified"
        if contact.reply_by is None:
            return "no reply yet", "unverified"
        if contact.reply_by < today:
            return f"no reply by {_day(contact.reply_by)}", "overdue"
        return f"reply asked for by {_day(contact.reply_by)}", "unverified"

    @property
    def wait_until(self) -> str:
        """The day proposed for waiting: that of the reply, if it is to come."""
        today, by = timezone.localdate(), self.now.reply_by
        return (by if by and by > today else today + PATIENCE).isoformat()

    @property
    def waits_for(self) -> str:
        """What a wait for this reply is called in the list."""
        way, day = self.now.get_way_display().lower(), _day(self.now.asked_on)
        return f"{self.now.whom}: reply, asked {way} on {day}"


def _day(day: object) -> str:
    return f"{day:%-d %B %Y}"


class ContactLog:
    """The log of one review, with the answer to what was just sent to it."""

    def __init__(self, review: Review, noted: Noted | None) -> None:
        self.review, self.noted = review, noted

    @property
    def form(self) -> forms.Form:
        """The empty form, or the one that was refused."""
        if self.noted and self.noted.contact is None:
            return self.noted.form
        initial = {"token": self.review.lease_token, "asked_on": timezone.localdate()}
        if claimant := self.review.claim.claimant:
            initial["whom"] = claimant.name
        return ContactForm(prefix="contact", initial=initial)

    @cached_property
    def entries(self) -> list[ShownEntry]:
        return [self._shown(entry) for entry in contacts.entries(self.review)]

    def _shown(self, entry: contacts.Entry) -> ShownEntry:
        now = entry.now
        lease: Known = {"token": self.review.lease_token}
        sent = self._sent(entry)
        as_is = lease | asdict(contacts.told_by(now))
        today = lease | {"replied_on": timezone.localdate()}
        return ShownEntry(
            now,
            entry.earlier,
            entry.first,
            sent if isinstance(sent, ReplyForm) else reply_form(now, initial=today),
            sent if isinstance(sent, CorrectContactForm) else correct_form(now, initial=as_is),
        )

    def _sent(self, entry: contacts.Entry) -> forms.Form | None:
        """The form that was refused, if it was about a row of this entry."""
        if self.noted and self.noted.contact in (entry.now, *entry.earlier):
            return self.noted.form
        return None
