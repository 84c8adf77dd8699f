"""Second opinions: who was asked, what they found without seeing the first verdict, who decided.

Rows only; `opinions.py` writes them. A trigger keeps what was given from changing.
"""

from __future__ import annotations

from typing import Any, Self

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from claims.models import new_ref
from reviews import ratings

PERSON = settings.AUTH_USER_MODEL


class SecondOpinionQuerySet(models.QuerySet["SecondOpinion"]):
    def unmet(self) -> Self:
        """Those where not both sides are in: each is hidden from the other."""
        return self.filter(state__in=SecondOpinion.UNMET)

    def unsettled(self) -> Self:
        """Those for which an approval waits."""
        return self.filter(state__in=SecondOpinion.UNSETTLED)

    def of(self, user: Any) -> Self:
        """Those that `user` gives, or gave, in the present round: since the check was published."""
        published = models.Subquery(
            apps.get_model("reviews.Publication")
            .objects.filter(review=models.OuterRef("review"))
            .order_by("-pk")
            .values("published_at")[:1]
        )
        theirs = self.filter(Q(asked=user) | Q(second_checker=user))
        standing = theirs.exclude(state=SecondOpinion.State.CALLED_OFF).annotate(before=published)
        return standing.filter(Q(before__isnull=True) | Q(asked_at__gt=models.F("before")))

    def met(self) -> Self:
        """Those where both sides were in: what agreement is counted from."""
        return self.filter(met_at__isnull=False)


class SecondOpinion(models.Model):
    """One blind second check of a verdict, from the asking to what became of it."""

    class State(models.TextChoices):
        ASKED = "asked", "Asked for"
        TAKEN = "taken", "Being written"
        GIVEN = "given", "Given; the first verdict is not in yet"
        AGREED = "agreed", "Both found the same"
        DISAGREED = "disagreed", "The two disagree"
        ADJUDICATED = "adjudicated", "Adjudicated"
        CALLED_OFF = "called_off", "Called off"

    class Outcome(models.TextChoices):
        FIRST = "first", "The first verdict stands"
        SECOND = "second", "The second opinion is right: the checker revises"
        NEITHER = "neither", "Neither: the checker looks again"

    UNMET = (State.ASKED, State.TAKEN, State.GIVEN)
    UNSETTLED = (*UNMET, State.DISAGREED)

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    review = models.ForeignKey("reviews.Review", models.PROTECT, related_name="opinions")
    state = models.CharField(max_length=12, choices=State, default=State.ASKED)
    asked_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    why = models.TextField(help_text="Why a second opinion is asked for; the rule, if one did.")
    asked = models.ForeignKey(
        PERSON, models.PROTECT, null=True, blank=True, related_name="opinions_asked",
        help_text="Who is asked; nobody in particular, if empty.",
    )  # fmt: skip
    second_checker = models.ForeignKey(
        PERSON, models.PROTECT, null=True, blank=True, related_name="opinions_given"
    )
    second_rating = models.CharField(max_length=20, blank=True)
    scale = models.PositiveSmallIntegerField(default=ratings.CURRENT_SCALE)
    finding = models.TextField(blank=True)
    reasons = models.TextField(blank=True)
    given_at = models.DateTimeField(null=True, blank=True)
    first_version = models.ForeignKey(
        "reviews.VerdictVersion", models.PROTECT, null=True, blank=True, related_name="+",
        help_text="The version of the verdict that it met.",
    )  # fmt: skip
    first_checker = models.ForeignKey(
        PERSON, models.PROTECT, null=True, blank=True, related_name="+"
    )
    first_rating = models.CharField(max_length=20, blank=True)
    topics = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    met_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True)
    ended_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.TextField(blank=True)

    objects = SecondOpinionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["review"],
                condition=Q(state__in=["asked", "taken", "given", "disagreed"]),
                name="reviews_secondopinion_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(given_at__isnull=True)
                | (Q(second_checker__isnull=False) & ~Q(second_rating="") & ~Q(finding="")),
                name="reviews_secondopinion_given_whole",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "called_off"]) | Q(second_checker__isnull=False),
                name="reviews_secondopinion_has_its_checker",
            ),
            models.CheckConstraint(
                condition=Q(
                    met_at__isnull=False,
                    given_at__isnull=False,
                    first_version__isnull=False,
                    first_checker__isnull=False,
                )
                | (Q(met_at__isnull=True) & ~Q(state__in=["agreed", "disagreed", "adjudicated"])),
                name="reviews_secondopinion_met_by_both",
            ),
            models.CheckConstraint(
                condition=Q(first_checker__isnull=True)
                | ~Q(first_checker=models.F("second_checker")),
                name="reviews_secondopinion_of_two_people",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "asked"],
                condition=Q(state__in=["asked", "taken", "given", "disagreed"]),
                name="reviews_secondopinion_open",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Second opinion on {self.review}"

    @property
    def second_label(self) -> str:
        code = self.second_rating
        return ratings.rating(code, scale=self.scale).label if code else ""

    @property
    def first_label(self) -> str:
        return ratings.rating(self.first_rating, scale=self.scale).label


class OpinionRuleQuerySet(models.QuerySet["OpinionRule"]):
    def newest(self) -> OpinionRule:
        """Return the rule in force; one that asks for nothing while nobody has set any."""
        return self.order_by("-pk").first() or OpinionRule()


class OpinionRule(models.Model):
    """Which submitted verdicts get a second opinion by themselves. The newest row is in force."""

    share = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(100)],
        help_text="Of all submitted verdicts, so many in a hundred, drawn by lot.",
    )
    topics = ArrayField(
        models.CharField(max_length=60), default=list, blank=True,
        help_text="Every verdict on one of these topics, besides.",
    )  # fmt: skip
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=310)
    at = models.DateTimeField()
    why = models.TextField()

    objects = OpinionRuleQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.share} in 100" if self.pk else "No rule"
