"""What a person keeps for themselves at the desk: their views, and where they are not impartial."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from claims.models import Claimant, Source, new_ref
from reviews.ordering import ReviewTopic


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def standing(self) -> Self:
        return self.filter(removed_at__isnull=True)

    def shown_to(self, user: models.Model) -> Self:
        """Their own, and what colleagues share, by name."""
        return self.standing().filter(Q(owner=user) | Q(shared=True)).order_by("name", "pk")


class SavedView(models.Model):
    """A view of the queue with its filters and order, under a name."""

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    name = models.CharField(max_length=60)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="saved_views")
    shared = models.BooleanField(default=False, help_text="Colleagues see it too.")
    query = models.CharField(
        max_length=1000, help_text="The part of its address after the question mark."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                condition=Q(removed_at__isnull=True),
                name="reviews_savedview_named_once_by_its_owner",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ConflictQuerySet(models.QuerySet["Conflict"]):
    def standing(self) -> Self:
        return self.filter(ended_at__isnull=True)

    def touching(self, review: Any) -> Self:
        """Those about a source, claimant or topic of `review`."""
        return self.filter(
            Q(source__in=review.sources)
            | Q(claimant=review.claimant_id, claimant__isnull=False)
            | Q(topic__slug__in=review.topics)
        )


class Conflict(models.Model):
    """A person's declaration that they are not impartial about a source, claimant or topic.

    It is ended, never deleted: what was declared while a verdict was written can be looked up.
    """

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="conflicts")
    source = models.ForeignKey(Source, models.PROTECT, null=True, blank=True, related_name="+")
    claimant = models.ForeignKey(Claimant, models.PROTECT, null=True, blank=True, related_name="+")
    topic = models.ForeignKey(ReviewTopic, models.PROTECT, null=True, blank=True, related_name="+")
    words = models.TextField(help_text="What it is: work, family, money, a dispute.")
    declared_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ConflictQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(source__isnull=False, claimant__isnull=True, topic__isnull=True)
                    | Q(source__isnull=True, claimant__isnull=False, topic__isnull=True)
                    | Q(source__isnull=True, claimant__isnull=True, topic__isnull=False)
                ),
                name="reviews_conflict_is_about_one_thing",
            ),
            models.CheckConstraint(
                condition=~Q(words=""), name="reviews_conflict_is_told_in_words"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.about}"

    @property
    def about(self) -> str:
        """What it is about, with its kind: "claimant Harbour Board"."""
        if self.source:
            return f"source {self.source}"
        return f"claimant {self.claimant}" if self.claimant else f"topic {self.topic}"
