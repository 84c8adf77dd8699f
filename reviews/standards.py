"""What a verdict must have before it is submitted, and the reasons for which one goes without.

Rows only, and no row ever changes; `policy.py` writes them.
"""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

PERSON = settings.AUTH_USER_MODEL


class Requirement(models.TextChoices):
    CHECKLIST = "checklist", "every required point of the checklist ticked"
    SOURCES = "sources", "independent named sources"
    CONTACT = "contact", "the claimant asked, as the contact log tells"
    BOTH_SIDES = "both_sides", "evidence for and against"
    PRIMARY = "primary", "a primary source"


class PolicyVersionQuerySet(models.QuerySet["PolicyVersion"]):
    def newest_first(self) -> Self:
        return self.order_by("-seq")


class PolicyVersion(models.Model):
    """What is asked of every verdict, as supervisors wrote it. A change is a further version.

    `terms` holds the fields of `policy.Terms`.
    """

    seq = models.PositiveIntegerField(unique=True)
    terms = models.JSONField()
    why = models.CharField(max_length=500)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=310)
    at = models.DateTimeField()

    objects = PolicyVersionQuerySet.as_manager()

    class Meta:
        permissions = [("edit_policy", "Can edit what a verdict needs before it is submitted")]
        constraints = [
            models.CheckConstraint(condition=~Q(why=""), name="reviews_policy_version_says_why"),
        ]

    def __str__(self) -> str:
        return f"Policy, version {self.seq}"


class Exemption(models.Model):
    """Why a verdict goes without something that is asked of it, or that it does not. Append-only.

    The newest row about a requirement holds; without a reason it takes the one before back.
    """

    review = models.ForeignKey("reviews.Review", models.PROTECT, related_name="exemptions")
    requirement = models.CharField(max_length=12, choices=Requirement)
    reason = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=310)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(requirement="checklist"),
                name="reviews_exemption_is_not_of_the_checklist",
            ),
        ]
        indexes = [models.Index(fields=["review", "id"], name="reviews_exemption_of_a_review")]

    def __str__(self) -> str:
        return f"{self.by_name} on {self.get_requirement_display()}"
