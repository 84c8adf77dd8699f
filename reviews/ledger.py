"""What is noted about the record itself: what was redacted in it, how checking it went, and what of
it was signed.

Rows only; `redaction.py`, `verification.py` and `checkpoints.py` write them, and but for how far a
delivery got no row ever changes.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

PERSON = settings.AUTH_USER_MODEL


class Redaction(models.Model):
    """The content of one sealed version was blanked; its hash, and all that leads to it, stays."""

    version = models.OneToOneField(
        "reviews.VerdictVersion", models.PROTECT, related_name="redaction"
    )
    content_hash = models.CharField(max_length=64, help_text="Of what stood there.")
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=310)
    at = models.DateTimeField()
    reason = models.TextField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="reviews_redaction_says_why"),
        ]

    def __str__(self) -> str:
        return f"Redacted by {self.by_name}"


class VerificationQuerySet(models.QuerySet["Verification"]):
    def newest(self) -> Verification | None:
        return self.order_by("-pk").first()


class Verification(models.Model):
    """One check of the whole record, and what did not hold."""

    begun_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    verdicts = models.PositiveIntegerField()
    versions = models.PositiveIntegerField()
    problem_count = models.PositiveIntegerField()
    problems = models.JSONField(default=list, help_text="The first hundred, as sentences.")

    objects = VerificationQuerySet.as_manager()

    def __str__(self) -> str:
        return "All held" if self.holds else f"{self.problem_count} problems"

    @property
    def holds(self) -> bool:
        return not self.problem_count


class CheckpointQuerySet(models.QuerySet["Checkpoint"]):
    def newest(self) -> Checkpoint | None:
        return self.order_by("-number").first()


class Checkpoint(models.Model):
    """The heads of all chains as they stood at one moment, signed.

    The heads themselves are in the file that went to the witnesses; the statement has their hash.
    """

    number = models.PositiveIntegerField(unique=True)
    day = models.DateField(
        null=True, blank=True, unique=True, help_text="Of a daily one; none if it was asked for."
    )
    taken_at = models.DateTimeField()
    complete_to = models.DateTimeField(
        help_text="Every version saved before this moment is surely in it."
    )
    statement = models.TextField(help_text="What was signed, letter for letter.")
    hash = models.CharField(max_length=64, help_text="SHA-256 of the statement.")
    signature = models.CharField(max_length=128)

    objects = CheckpointQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(number__gte=1), name="reviews_checkpoint_number_starts_at_1"
            ),
        ]

    def __str__(self) -> str:
        return f"Checkpoint {self.number}"

    @property
    def file_name(self) -> str:
        return f"checkpoint-{self.number:06}.gz"

    @property
    def told(self) -> dict[str, Any]:
        """The statement as values."""
        values: dict[str, Any] = json.loads(self.statement)
        return values


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, now: datetime) -> Self:
        """Those to try now, oldest first."""
        return self.filter(state=Delivery.State.WAITING, next_try_at__lte=now).order_by("pk")

    def unfinished(self) -> Self:
        return self.filter(state__in=(Delivery.State.WAITING, Delivery.State.SENDING))


class Delivery(models.Model):
    """A checkpoint on its way to one witness: the row is the outbox.

    It waits until the witness has it. A witness may be told twice, never not at all.
    """

    class Way(models.TextChoices):
        FOLDER = "folder", "Folder"
        MAIL = "mail", "Mail"
        WEBHOOK = "webhook", "Webhook"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting to be delivered"
        SENDING = "sending", "Being delivered"
        DONE = "done", "Delivered"
        CALLED_OFF = "called_off", "Called off: the site names this witness no more"

    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="deliveries")
    way = models.CharField(max_length=8, choices=Way)
    to = models.CharField(
        max_length=1000, help_text="A folder, an address, or the host of a webhook."
    )
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    written_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True, help_text="What the last try met.")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["checkpoint", "way", "to"], name="reviews_delivery_once_for_a_witness"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(state__in=("waiting", "sending")),
                name="reviews_delivery_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_way_display()} {self.to}"
