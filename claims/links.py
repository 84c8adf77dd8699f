"""Rows that say which appearance belongs to which claim: suggestions, merges and splits.

What a person decided here is kept for ever and used again (`matching`); a merge or a split keeps
all that is needed to undo it exactly (`merging`). And how far it is that all is linked again.
"""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from claims.refs import new_ref


class SuggestionQuerySet(models.QuerySet["Suggestion"]):
    def open(self) -> Self:
        """Those that still ask a person: between two claims that both stand.

        A link made by hand and taken back asks nobody.
        """
        return self.filter(
            state=Suggestion.State.OPEN,
            score__isnull=False,
            appearance__current=True,
            claim__merged_into__isnull=True,
            appearance__claim__isnull=False,
        ).exclude(claim=F("appearance__claim"))

    def decided(self) -> Self:
        return self.exclude(state=Suggestion.State.OPEN)

    def answered(self) -> Self:
        """Those that a person decided one by one, not by a merge or a split that implied it."""
        confirmed = Q(state=Suggestion.State.CONFIRMED, left__isnull=False)
        rejected = Q(state=Suggestion.State.REJECTED, score__isnull=False)
        return self.filter(confirmed | rejected)


class Suggestion(models.Model):
    """An appearance that may state the same as a claim, and what a person decided about it.

    A link made by hand is a confirmed suggestion without a score. `wording_key` lets the decision
    hold for later identical wordings.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CONFIRMED = "confirmed", "Confirmed"
        REJECTED = "rejected", "Rejected"

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    appearance = models.ForeignKey("claims.Appearance", models.CASCADE, related_name="suggestions")
    claim = models.ForeignKey("claims.Claim", models.PROTECT, related_name="suggestions")
    wording_key = models.CharField(max_length=64, db_index=True)
    score = models.FloatField(null=True, blank=True, help_text="0 to 1; none if made by hand.")
    reasons = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)
    left = models.ForeignKey(
        "claims.Claim", models.PROTECT, null=True, blank=True, related_name="+",
        help_text="The claim to which the appearance belonged before it was confirmed.",
    )  # fmt: skip
    merge = models.ForeignKey(
        "claims.ClaimMerge", models.PROTECT, null=True, blank=True, related_name="+",
        help_text="The merge that confirming it was, where nothing else stood in its claim.",
    )  # fmt: skip
    moved = ArrayField(
        models.BigIntegerField(), default=list, blank=True,
        help_text="Appearances that confirming it moved, where it was no merge.",
    )  # fmt: skip

    objects = SuggestionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appearance", "claim"], name="claims_suggestion_once_per_pair"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="open") & Q(decided_by__isnull=False) & Q(decided_at__isnull=False)),
                name="claims_suggestion_decision_all_or_none",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-score", "id"],
                condition=Q(state="open"),
                name="claims_suggestion_to_decide",
            ),
            models.Index(
                fields=["-decided_at", "-id"],
                condition=~Q(state="open"),
                name="claims_suggestion_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"“{self.appearance}” as “{self.claim}”"


class Regrouping(models.Model):
    """What a merge and a split have in common; `record` is all that undoing it needs."""

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.TextField(blank=True)
    record = models.JSONField(default=dict)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class ClaimMergeQuerySet(models.QuerySet["ClaimMerge"]):
    def made_by_people(self) -> Self:
        """Those that somebody asked for: not those that put a split back together."""
        return self.exclude(record__has_key="split")


class ClaimMerge(Regrouping):
    """A claim merged into another: everything of it moved there, and it points to where."""

    claim = models.ForeignKey("claims.Claim", models.PROTECT, related_name="merges_away")
    into = models.ForeignKey("claims.Claim", models.PROTECT, related_name="merges_in")

    objects = ClaimMergeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(claim=F("into")), name="claims_merge_of_two_claims"
            ),
            models.CheckConstraint(
                condition=Q(undone_by__isnull=True, undone_at__isnull=True)
                | Q(undone_by__isnull=False, undone_at__isnull=False),
                name="claims_merge_undone_all_or_none",
            ),
            models.UniqueConstraint(
                fields=["claim"],
                condition=Q(undone_at__isnull=True),
                name="claims_merge_stands_once_per_claim",
            ),
        ]

    def __str__(self) -> str:
        return f"“{self.claim}” into “{self.into}”"


class ClaimSplit(Regrouping):
    """Appearances taken out of a claim into a new one."""

    claim = models.ForeignKey("claims.Claim", models.PROTECT, related_name="splits")
    new_claim = models.ForeignKey("claims.Claim", models.PROTECT, related_name="split_from")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(claim=F("new_claim")), name="claims_split_of_two_claims"
            ),
            models.CheckConstraint(
                condition=Q(undone_by__isnull=True, undone_at__isnull=True)
                | Q(undone_by__isnull=False, undone_at__isnull=False),
                name="claims_split_undone_all_or_none",
            ),
        ]

    def __str__(self) -> str:
        return f"“{self.new_claim}” out of “{self.claim}”"


class Rebuild(models.Model):
    """How far a run of `manage.py rebuild_matches` has come: the last row done in its stage."""

    class Stage(models.TextChoices):
        INDEX = "index", "Claims entered in the index"
        LINK = "link", "Articles linked"
        SUGGEST = "suggest", "Claims compared"
        DONE = "done", "Done"

    stage = models.CharField(max_length=10, choices=Stage, default=Stage.INDEX)
    after = models.BigIntegerField(default=0)
    begun_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=~Q(stage="done"), name="claims_rebuild_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_stage_display()} up to {self.after}"
