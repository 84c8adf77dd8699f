"""What supervisors decide about one version of a verdict. Rows only; `workflow.py` writes them.

Triggers seal them, and refuse an approval that may not be given.
"""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class DecisionQuerySet(models.QuerySet["Decision"]):
    def approvals(self) -> Self:
        return self.filter(kind=Decision.Kind.APPROVED)

    def complete(self) -> Self:
        """The approvals with which a version had as many as it needed."""
        return self.approvals().filter(nth__gte=F("needed"))


class Decision(models.Model):
    """A supervisor's approval or return of exactly one version. Append-only.

    An approval is the `nth` of the `needed` that its topics asked for when it was given. Both are
    counted by the trigger `reviews_four_eyes`, whoever writes the row.
    """

    class Kind(models.TextChoices):
        APPROVED = "approved", "Approved"
        RETURNED = "returned", "Returned"

    version = models.ForeignKey("reviews.VerdictVersion", models.PROTECT, related_name="decisions")
    content_hash = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, choices=Kind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=310)
    at = models.DateTimeField()
    comment = models.TextField(blank=True)
    nth = models.PositiveSmallIntegerField(default=1, editable=False)
    needed = models.PositiveSmallIntegerField(default=1, editable=False)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="returned") | ~Q(comment=""),
                name="reviews_decision_returned_with_a_comment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} by {self.by_name}"

    @property
    def completes(self) -> bool:
        """Whether the version is approved with it: no further approval was needed."""
        return self.kind == Decision.Kind.APPROVED and self.nth >= self.needed

    @property
    def part(self) -> str:
        """Which of the approvals it is, in words; "" where one was enough, or it is none."""
        several = self.kind == Decision.Kind.APPROVED and max(self.nth, self.needed) > 1
        return f"{self.nth} of {self.needed}" if several else ""
