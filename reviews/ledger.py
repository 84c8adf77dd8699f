"""What is noted about the record itself: what was redacted in it, and how checking it went.

Rows only, and no row ever changes; `redaction.py` and `verification.py` write them.
"""

from __future__ import annotations

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
