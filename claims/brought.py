"""Rows of what strangers and machines hand in: tokens of programs, tips, other people's checks."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from claims.refs import new_ref


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def valid(self) -> Self:
        """Those neither revoked nor run out, whose owner still works here."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=Now(), owner__is_active=True)


class ApiToken(models.Model):
    """What a program signs in with, in the name of its owner. The secret itself is not kept."""

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=30))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="claims_token_hash_is_one"
            ),
            models.CheckConstraint(condition=~Q(scopes=[]), name="claims_token_may_do_something"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_run_out(self) -> bool:
        return self.expires_at <= timezone.now()


class Handing(models.Model):
    """What a program was answered when it handed something in under a key of its own."""

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="handings")
    key = models.CharField(max_length=200)
    body_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token", "key"], name="claims_handing_once_per_key"),
        ]
        indexes = [models.Index(fields=["at"], name="claims_handing_oldest")]

    def __str__(self) -> str:
        return f"{self.key}: {self.status}"


class TipQuerySet(models.QuerySet["Tip"]):
    def open(self) -> Self:
        return self.filter(state=Tip.State.OPEN)

    def accepted(self) -> Self:
        return self.filter(state=Tip.State.ACCEPTED)

    def with_contact(self) -> Self:
        return self.exclude(contact="")


class Tip(models.Model):
    """Somebody asks us to check something; accepted, it stands for a claim that the queue pulls."""

    class Way(models.TextChoices):
        FORM = "form", "Public form"
        API = "api", "API"
        TABLE = "table", "Table of claims"

    class State(models.TextChoices):
        OPEN = "open", "To decide"
        ACCEPTED = "accepted", "Accepted"
        DISMISSED = "dismissed", "Dismissed"

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    way = models.CharField(max_length=8, choices=Way)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    text = models.TextField(help_text="What is asked about, as it was sent.")
    claimant = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=8, blank=True)
    url = models.CharField("address", max_length=2000, blank=True)
    said_on = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True)
    contact = models.CharField(
        max_length=300, blank=True, help_text="Personal: deleted after a time."
    )
    place = models.CharField(max_length=300, blank=True, help_text="The file and line it stood in.")
    key = models.CharField(max_length=64, blank=True, editable=False)
    handed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    received_at = models.DateTimeField(auto_now_add=True)
    claim = models.ForeignKey(
        "claims.Claim", models.PROTECT, null=True, blank=True, related_name="tips"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)

    objects = TipQuerySet.as_manager()

    class Meta:
        permissions = [("see_contact", "Can see how to reach who sent a tip")]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(way="table"), name="claims_tip_once_in_tables"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="open") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="claims_tip_decision_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(state="accepted", claim__isnull=False)
                | (~Q(state="accepted") & Q(claim__isnull=True)),
                name="claims_tip_accepted_for_a_claim",
            ),
            models.CheckConstraint(
                condition=~Q(state="dismissed") | ~Q(reason=""),
                name="claims_tip_dismissed_with_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="claims_tip_newest"),
            models.Index(
                fields=["received_at"], condition=~Q(contact=""), name="claims_tip_with_contact"
            ),
        ]

    def __str__(self) -> str:
        return self.text


class OutsideCheck(models.Model):
    """A check that somebody else published; its rating stands in their words, never in ours."""

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    publisher = models.CharField(max_length=200)
    publisher_url = models.CharField(max_length=2000, blank=True)
    url = models.CharField("address", max_length=2000)
    wording = models.TextField(help_text="The claim as they word it.")
    key = models.CharField(max_length=64, editable=False)
    claimant = models.CharField(max_length=200, blank=True)
    rating = models.CharField(max_length=300, help_text="As they say it.")
    rating_number = models.CharField(
        max_length=80, blank=True, help_text="On their scale, as “2 of 1 to 5”."
    )
    language = models.CharField(max_length=8)
    published_on = models.DateField(null=True, blank=True)
    appearances = ArrayField(models.CharField(max_length=2000), default=list, blank=True)
    claim = models.ForeignKey("claims.Claim", models.PROTECT, related_name="outside_checks")
    handed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    received_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(
        null=True, blank=True, help_text="When it last came with another rating or date."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["publisher", "url", "key"], name="claims_outside_check_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.publisher}: {self.rating}"
