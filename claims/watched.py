"""Rows of the silent-edit watch: pages fetched again on a timetable, and how they changed."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from claims.refs import new_ref


class WatchQuerySet(models.QuerySet["Watch"]):
    def due(self) -> Self:
        """Those whose turn has come, and that no worker is at."""
        free = Q(held_until__isnull=True) | Q(held_until__lte=Now())
        return self.filter(free, ended_at__isnull=True, next_look_at__lte=Now())


class Watch(models.Model):
    """An article whose page is fetched again: often at first, then less, then no more.

    `held_until` says that a worker is at it, and is the token without which it may not write.
    """

    article = models.OneToOneField("claims.Article", models.PROTECT, related_name="watch")
    current = models.ForeignKey(
        "claims.Article", models.PROTECT, related_name="+",
        help_text="What stood there last: the article, or a later version of it.",
    )  # fmt: skip
    title = models.CharField(max_length=500, blank=True)
    host = models.CharField(max_length=255, help_text="One request at a time goes there.")
    since = models.DateTimeField(help_text="When its timetable begins.")
    next_look_at = models.DateTimeField()
    looked_at = models.DateTimeField(null=True, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)
    hinted_at = models.DateTimeField(null=True, blank=True)
    etag = models.CharField(max_length=500, blank=True)
    last_modified = models.CharField(max_length=100, blank=True)
    doubts = models.PositiveIntegerField(
        default=0, help_text="Looks in a row that did not find the article."
    )
    error = models.TextField(blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = WatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "watches"
        indexes = [
            models.Index(
                fields=["host", "next_look_at"], condition=Q(ended_at__isnull=True),
                name="claims_watch_due",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Watch of {self.article}"


class Revision(models.Model):
    """One way in which a page changed after it was read. The article as read stays as it is."""

    class Kind(models.TextChoices):
        CHANGED = "changed", "The page changed after it was read"
        GONE = "gone", "The page is gone"
        BACK = "back", "The page is there again"

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    article = models.ForeignKey("claims.Article", models.PROTECT, related_name="page_changes")
    kind = models.CharField(max_length=8, choices=Kind)
    before = models.ForeignKey(
        "claims.Article", models.PROTECT, null=True, blank=True, related_name="+"
    )
    after = models.ForeignKey(
        "claims.Article", models.PROTECT, null=True, blank=True, related_name="+"
    )
    old_title = models.CharField(max_length=500, blank=True)
    new_title = models.CharField(max_length=500, blank=True)
    words = models.PositiveIntegerField(default=0, help_text="How many words are others.")
    why = models.TextField(blank=True)
    seen_at = models.DateTimeField()
    told_at = models.DateTimeField(
        null=True, blank=True, help_text="When those whom it concerns were told."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="changed") | Q(before__isnull=False, after__isnull=False),
                name="claims_revision_changed_from_and_to",
            ),
        ]
        indexes = [
            models.Index(fields=["article", "-id"], name="claims_revision_newest"),
            models.Index(
                fields=["id"], condition=Q(told_at__isnull=True), name="claims_revision_untold"
            ),
        ]

    def __str__(self) -> str:
        if self.kind != self.Kind.CHANGED:
            return self.get_kind_display()
        title = "its headline" if self.old_title else ""
        words = f"{self.words} word{'' if self.words == 1 else 's'}" if self.words else ""
        return f"{self.get_kind_display()}: {' and '.join(filter(None, (title, words)))}"
