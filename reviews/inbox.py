"""What people are told: notifications, how they want them, and the letters that carry them out.

Rows only; `notifications.py` writes them and `mail.py` sends the letters.
"""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from claims.models import new_ref


class Kind(models.TextChoices):
    ASSIGNED = "assigned", "A review was handed over to me"
    TAKEN_OVER = "taken_over", "A supervisor took over my review"
    RETURNED = "returned", "My verdict came back, or a wait of mine is over"
    MENTIONED = "mentioned", "A colleague mentioned me"
    EXPIRING = "expiring", "My lease is running out"
    OVERDUE = "overdue", "A review that waits for me became overdue"
    SECOND_OPINION = "second_opinion", "My second opinion is asked"
    DROPPED = "dropped", "A copy dropped the caution of my claim"
    PAGE_CHANGED = "page_changed", "A page that my check rests on changed or is gone"


class Mail(models.TextChoices):
    AT_ONCE = "at_once", "At once"
    DAILY = "daily", "Once a day"
    NEVER = "never", "Never"


# What reaches people who never chose: what others wait for at once, what can wait in the digest,
# and what passes before a mail is read not at all.
DEFAULTS = {
    Kind.ASSIGNED: Mail.AT_ONCE,
    Kind.TAKEN_OVER: Mail.AT_ONCE,
    Kind.RETURNED: Mail.AT_ONCE,
    Kind.MENTIONED: Mail.DAILY,
    Kind.EXPIRING: Mail.NEVER,
    Kind.OVERDUE: Mail.DAILY,
    Kind.SECOND_OPINION: Mail.AT_ONCE,
    Kind.DROPPED: Mail.DAILY,
    Kind.PAGE_CHANGED: Mail.DAILY,
}


class MailChoice(models.Model):
    """How one person wants mail about one kind; without a row, as in `DEFAULTS`."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="mail_choices"
    )
    kind = models.CharField(max_length=16, choices=Kind)
    mail = models.CharField(max_length=8, choices=Mail)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind"], name="reviews_mailchoice_once_for_a_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_mail_display()}"


class LetterQuerySet(models.QuerySet["Letter"]):
    def due(self, now: datetime) -> Self:
        """Those to try now, oldest first."""
        return self.filter(state=Letter.State.WAITING, next_try_at__lte=now).order_by("pk")


class Letter(models.Model):
    """A plain-text mail on its way out: the row is the outbox.

    It is `sending` before the server hears of it, so that no crash sends it twice; where nobody can
    know whether the server took it, it is `unsure` for good.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting to be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        UNSURE = "unsure", "Perhaps sent: the connection broke"
        REFUSED = "refused", "Refused by the mail server"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="letters")
    address = models.EmailField(max_length=254)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    written_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True, help_text="What the last try met.")

    objects = LetterQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(state="waiting"),
                name="reviews_letter_to_try",
            ),
            models.Index(
                fields=["tried_at"],
                condition=Q(state="sending"),
                name="reviews_letter_under_way",
            ),
        ]

    def __str__(self) -> str:
        return self.subject


class NotificationQuerySet(models.QuerySet["Notification"]):
    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)

    def for_digests(self) -> Self:
        """Unread, and waiting for their reader's next daily letter."""
        return self.unread().filter(mail=Mail.DAILY, letter__isnull=True)


class Notification(models.Model):
    """One thing a person is told about a review, at most once for each occasion."""

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="notifications"
    )
    kind = models.CharField(max_length=16, choices=Kind)
    review = models.ForeignKey("reviews.Review", models.PROTECT, related_name="+")
    occasion = models.CharField(
        max_length=80, help_text="What makes it this one and no other: an event, a lease, a date."
    )
    words = models.CharField(max_length=200, help_text="What happened, in the desk's own words.")
    note = models.TextField(blank=True, help_text="What a colleague wrote; it is never mailed.")
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    mail = models.CharField(max_length=8, choices=Mail, help_text="As chosen when it was made.")
    letter = models.ForeignKey(
        Letter, models.PROTECT, null=True, blank=True, related_name="notifications"
    )

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "review", "occasion"],
                name="reviews_notification_once_for_an_occasion",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="reviews_notification_newest"),
            models.Index(
                fields=["person"],
                condition=Q(read_at__isnull=True),
                name="reviews_notification_unread",
            ),
            models.Index(
                fields=["person"],
                condition=Q(mail="daily", letter__isnull=True, read_at__isnull=True),
                name="reviews_notification_digests",
            ),
        ]

    def __str__(self) -> str:
        return self.words
