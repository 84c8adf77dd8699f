"""Rows of what was handed in: the bytes of an article, and each time it came."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Snapshot(models.Model):
    """The bytes of an article as they were received; they lie on the shelf under their hash.

    Headers are pairs of name and value, in their order; cookies and credentials are left out.
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
