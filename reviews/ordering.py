"""What decides the order of the queue besides the claims: topics, weights, and weighing anew."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

MOST_APPROVALS = 5  # that a verdict can need
HARM = ((0, "none"), (1, "some"), (2, "serious"), (3, "to life or health"))


class ReviewTopic(models.Model):
    """One topic of the newsroom's vocabulary, and the plain words by which claims are put under it.

    A word that ends in `*` stands for every word that begins so.
    """

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=60, unique=True)
    words = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    harm = models.PositiveSmallIntegerField(
        default=0, choices=HARM, help_text="What harm a false claim about it can do."
    )
    approvals = models.PositiveSmallIntegerField(
        default=1, help_text="How many people must approve a verdict under it."
    )

    class Meta:
        verbose_name = "topic"
        constraints = [
            models.CheckConstraint(
                condition=Q(approvals__gte=1, approvals__lte=MOST_APPROVALS),
                name="reviews_topic_needs_one_to_five_approvals",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WeightsQuerySet(models.QuerySet["Weights"]):
    def newest(self) -> Weights:
        """Return the weights in force; the defaults while nobody has set any."""
        return self.order_by("-pk").first() or Weights()


def _points(default: int) -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(default=default, validators=[MaxValueValidator(100)])


class Weights(models.Model):
    """How many points each reason can give a review. Append-only: the newest row is in force.

    By default the parts add up to 100; what is more is cut off there.
    """

    worthiness = _points(30)
    unverified = _points(20)
    dropped = _points(15)
    spread = _points(15)
    pace = _points(5)
    harm = _points(5)
    age = _points(5)
    due = _points(5)
    topics = models.JSONField(default=dict, help_text="Points for each topic, by its slug.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=310)
    at = models.DateTimeField()
    why = models.TextField()

    objects = WeightsQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "weights"
        permissions = [
            ("set_weights", "Can set what decides the order of the queue"),
        ]

    def __str__(self) -> str:
        return f"Weights by {self.by_name}, {self.at:%d %B %Y}" if self.pk else "Default weights"


class ReweighingQuerySet(models.QuerySet["Reweighing"]):
    def unfinished(self) -> Self:
        return self.filter(finished_at__isnull=True)


class Reweighing(models.Model):
    """One pass over all open reviews that gives each its priority anew, a batch at a time.

    `reached` is the key up to which it has come: a killed worker goes on from there.
    """

    why = models.CharField(max_length=300)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    reached = models.BigIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField()

    objects = ReweighingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(finished_at__isnull=True),
                name="reviews_reweighing_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.why}: {self.done} of {self.total}"


MOST_TOPIC_POINTS = 20
TOPIC_POINTS = (MinValueValidator(-MOST_TOPIC_POINTS), MaxValueValidator(MOST_TOPIC_POINTS))
