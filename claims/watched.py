"""Rows of the silent-edit watch: pages fetched again on a timetable, and how they changed."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from claims.refs import new_ref

BYTES = "its bytes, which have no text to compare"


class WatchQuerySet(models.QuerySet["Watch"]):
    def due(self) -> Self:
        """Those whose turn has come, and that no worker is at."""
        free = Q(held_until__isnull=True) | Q(held_until__lte=Now())
        return self.filter(free, ended_at__isnull=True, next_look_at__lte=Now())


class Watch(models.Model):
    """A page that is fetched again: often at first, then less, then no more.

    It is that of an article, or one that is cited and of which a copy is kept. `held_until` says
    that a worker is at it, and is the token without which it may not write.
    """

    article = models.OneToOneField(
        "claims.Article", models.PROTECT, null=True, blank=True, related_name="watch"
    )
    current = models.ForeignKey(
        "claims.Article", models.PROTECT, null=True, blank=True, related_name="+",
        help_text="What stood there last: the article, or a later version of it.",
    )  # fmt: skip
    capture = models.OneToOneField(
        "claims.Capture", models.PROTECT, null=True, blank=True, related_name="watch"
    )
    current_capture = models.ForeignKey(
        "claims.Capture", models.PROTECT, null=True, blank=True, related_name="+",
        help_text="What stood there last: the copy, or a later one.",
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
        default=0, help_text="Looks in a row that did not find what was read."
    )
    error = models.TextField(blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = WatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "watches"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    article__isnull=False, current__isnull=False,
                    capture__isnull=True, current_capture__isnull=True,
                )
                | Q(
                    article__isnull=True, current__isnull=True,
                    capture__isnull=False, current_capture__isnull=False,
                ),
                name="claims_watch_of_one_page",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["host", "next_look_at"], condition=Q(ended_at__isnull=True),
                name="claims_watch_due",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Watch of {self.article or self.address}"

    @property
    def address(self) -> str:
        """Where it is fetched again."""
        page = self.capture.asked if self.capture else ""
        return self.article.url if self.article else page


class Revision(models.Model):
    """One way in which a page changed after it was read. What was read stays as it is.

    What differs between two articles, their texts tell; between two copies of a cited page,
    `passages` does: runs of words as `comparing` finds them, each with `op` and `text`.
    """

    class Kind(models.TextChoices):
        CHANGED = "changed", "The page changed after it was read"
        GONE = "gone", "The page is gone"
        BACK = "back", "The page is there again"

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    article = models.ForeignKey(
        "claims.Article", models.PROTECT, null=True, blank=True, related_name="page_changes"
    )
    capture = models.ForeignKey(
        "claims.Capture", models.PROTECT, null=True, blank=True, related_name="page_changes"
    )
    kind = models.CharField(max_length=8, choices=Kind)
    before = models.ForeignKey(
        "claims.Article", models.PROTECT, null=True, blank=True, related_name="+"
    )
    after = models.ForeignKey(
        "claims.Article", models.PROTECT, null=True, blank=True, related_name="+"
    )
    before_capture = models.ForeignKey(
        "claims.Capture", models.PROTECT, null=True, blank=True, related_name="+"
    )
    after_capture = models.ForeignKey(
        "claims.Capture", models.PROTECT, null=True, blank=True, related_name="+"
    )
    passages = models.JSONField(default=list, blank=True)
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
                condition=~Q(kind="changed")
                | Q(before__isnull=False, after__isnull=False)
                | Q(before_capture__isnull=False, after_capture__isnull=False),
                name="claims_revision_changed_from_and_to",
            ),
            models.CheckConstraint(
                condition=Q(
                    article__isnull=False, capture__isnull=True,
                    before_capture__isnull=True, after_capture__isnull=True,
                )
                | Q(
                    article__isnull=True, capture__isnull=False,
                    before__isnull=True, after__isnull=True,
                ),
                name="claims_revision_of_one_page",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["article", "-id"], name="claims_revision_newest"),
            models.Index(
                fields=["capture", "-id"], condition=Q(capture__isnull=False),
                name="claims_revision_of_copy",
            ),
            models.Index(
                fields=["id"], condition=Q(told_at__isnull=True), name="claims_revision_untold"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        if self.kind != self.Kind.CHANGED:
            return self.get_kind_display()
        title = "its headline" if self.old_title else ""
        words = f"{self.words} word{'' if self.words == 1 else 's'}" if self.words else ""
        otherwise = BYTES if self.capture_id and not self.passages else "its punctuation"
        what = " and ".join(filter(None, (title, words))) or otherwise
        return f"{self.get_kind_display()}: {what}"

    @property
    def address(self) -> str:
        """The address of the page, as it was asked for."""
        page = self.capture.asked if self.capture else ""
        return self.article.url if self.article else page
