"""Rows that tie evidence to what stood at its address."""

from __future__ import annotations

from django.db import models


class EvidenceCopy(models.Model):
    """The archive copy of a piece of evidence: what stood at its address when it was fetched.

    Append-only; whether it could be had yet says the capture.
    """

    evidence = models.OneToOneField("reviews.Evidence", models.PROTECT, related_name="copy")
    capture = models.OneToOneField("claims.Capture", models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "evidence copies"

    def __str__(self) -> str:
        return str(self.capture)
