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
