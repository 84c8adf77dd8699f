"""Rows of what was handed in: the bytes of an article, and each time it came."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from claims.refs import new_ref


class Snapshot(models.Model):
    """The bytes of an article as they were received; they lie on the shelf under their hash.

    Headers are pairs of name and value, in their order; cookies and credentials are left out. Where
    we fetched it ourselves, pairs whose names begin with a colon stand before them, for what else
    is known of the exchange: `:path`; `:redirect`, `:status`, `:server`. The bytes are the content:
    a coding that it was sent in (gzip) is undone.
    """

    article = models.ForeignKey("claims.Article", models.CASCADE, related_name="snapshots")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField("size in bytes")
    media_type = models.CharField(max_length=100)
    location = models.CharField(max_length=2000, help_text="The file or address it came from.")
    address = models.CharField(
        max_length=2000, blank=True, help_text="Where it was found in the end, after redirects."
    )
    request_headers = models.JSONField(default=list, blank=True)
    response_headers = models.JSONField(default=list, blank=True)
    taken_at = models.DateTimeField(
        null=True, blank=True, help_text="When the bytes were fetched, if that was told."
    )
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["article", "sha256"], name="claims_snapshot_once_per_article"
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="claims_snapshot_hash_is_one"
            ),
        ]
        indexes = [models.Index(fields=["sha256"], name="claims_snapshot_bytes")]

    def __str__(self) -> str:
        return f"{self.location} ({self.sha256[:12]})"


class Sighting(models.Model):
    """One time an article was handed in or found, with the bytes it came in."""

    article = models.ForeignKey("claims.Article", models.CASCADE, related_name="sightings")
    snapshot = models.ForeignKey(
        Snapshot, models.CASCADE, null=True, blank=True, related_name="sightings"
    )
    location = models.CharField(max_length=2000, help_text="The file or address it came from.")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["article", "-at"], name="claims_sighting_newest")]

    def __str__(self) -> str:
        return f"{self.location}, {self.at:%Y-%m-%d %H:%M}"


class CaptureQuerySet(models.QuerySet["Capture"]):
    def due(self) -> Self:
        """Those whose turn has come, and that no worker is at."""
        return self.waiting().filter(next_try_at__lte=Now())

    def waiting(self) -> Self:
        return self.filter(state=Capture.State.WAITING)


class Capture(models.Model):
    """The bytes of a page that is cited, as they stood there at one moment, or why there are none.

    The row is the to-do list until it is kept; then it never changes again. Headers are as those of
    a snapshot.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "To be archived"
        KEPT = "kept", "Archived"
        FAILED = "failed", "Not archived"

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    asked = models.CharField("address asked for", max_length=2000)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    why = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(db_default=Now())
    hinted_at = models.DateTimeField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField("size in bytes", default=0)
    media_type = models.CharField(max_length=100, blank=True)
    address = models.CharField(
        max_length=2000, blank=True, help_text="Where it was found in the end, after redirects."
    )
    request_headers = models.JSONField(default=list, blank=True)
    response_headers = models.JSONField(default=list, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)

    objects = CaptureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="kept", sha256__regex=r"^[0-9a-f]{64}$", taken_at__isnull=False)
                | (~Q(state="kept") & Q(sha256="", taken_at__isnull=True)),
                name="claims_capture_kept_has_its_hash",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(why=""), name="claims_capture_failed_says_why"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=Q(state="waiting"), name="claims_capture_to_do"
            ),
            models.Index(fields=["sha256"], name="claims_capture_bytes"),
        ]

    def __str__(self) -> str:
        return f"{self.asked}: {self.get_state_display().lower()}"
