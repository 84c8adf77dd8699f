"""What a checker notes beside the verdict: whom they asked, and what they went through.

Rows only, and no row ever changes; `contacts.py` and `checklists.py` write them.
"""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from claims.models import new_ref

PERSON = settings.AUTH_USER_MODEL


class Way(models.TextChoices):
    MAIL = "mail", "By mail"
    PHONE = "phone", "By phone"
    LETTER = "letter", "By letter"
    IN_PERSON = "in_person", "In person"
    PUBLIC_POST = "public_post", "By a public post"


class Contact(models.Model):
    """Somebody was asked about a claim, and what they replied. Append-only.

    What is learned or put right later is a further row that `corrects` this one.
    """

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    review = models.ForeignKey("reviews.Review", models.PROTECT, related_name="contacts")
    whom = models.CharField("who was asked", max_length=200)
    way = models.CharField("how", max_length=12, choices=Way)
    asked_on = models.DateField()
    question = models.TextField("what was asked")
    reply_by = models.DateField(null=True, blank=True)
    replied_on = models.DateField(null=True, blank=True)
    reply = models.TextField(blank=True)
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="corrected_by"
    )
    why = models.CharField(max_length=500, blank=True, help_text="Why the row before is corrected.")
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=310)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(whom="") & ~Q(question=""), name="reviews_contact_says_whom_and_what"
            ),
            models.CheckConstraint(
                condition=Q(replied_on__isnull=True, reply="")
                | (Q(replied_on__isnull=False) & ~Q(reply="")),
                name="reviews_contact_reply_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True, why="")
                | (Q(corrects__isnull=False) & ~Q(why="")),
                name="reviews_contact_correction_says_why",
            ),
        ]
        indexes = [models.Index(fields=["review", "id"], name="reviews_contact_of_a_review")]

    def __str__(self) -> str:
        return f"{self.whom}, {self.get_way_display().lower()}, {self.asked_on}"


class ChecklistVersionQuerySet(models.QuerySet["ChecklistVersion"]):
    def newest_first(self) -> Self:
        return self.order_by("-seq")


class ChecklistVersion(models.Model):
    """What a check goes through, as supervisors wrote it. A change is a further version.

    `points` holds the fields of one `checklists.Point` each, in their order.
    """

    seq = models.PositiveIntegerField(unique=True)
    points = models.JSONField()
    why = models.CharField(max_length=500)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=310)
    at = models.DateTimeField()

    objects = ChecklistVersionQuerySet.as_manager()

    class Meta:
        permissions = [("edit_checklist", "Can edit the checklist that every check goes through")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(points=[]), name="reviews_checklist_version_has_a_point"
            ),
        ]

    def __str__(self) -> str:
        return f"Checklist, version {self.seq}"


class ChecklistEvent(models.Model):
    """A point ticked or taken back, or the move of a review to another version. Append-only."""

    class Action(models.TextChoices):
        TICK = "tick", "ticked"
        UNTICK = "untick", "took the tick back"
        MOVE = "move", "went on with another version"

    review = models.ForeignKey("reviews.Review", models.PROTECT, related_name="checklist_events")
    version = models.ForeignKey(ChecklistVersion, models.PROTECT, related_name="+")
    action = models.CharField(max_length=6, choices=Action)
    point = models.CharField(max_length=200, blank=True, help_text="The text of the point.")
    note = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=310)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(action="move", point="") | (~Q(action="move") & ~Q(point="")),
                name="reviews_checklist_event_names_its_point",
            ),
        ]
        indexes = [models.Index(fields=["review", "id"], name="reviews_checklist_of_a_review")]

    def __str__(self) -> str:
        return f"{self.by_name} {self.get_action_display()}"
