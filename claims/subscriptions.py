"""Rows of what comes in by itself: feeds that are polled, and the addresses they named.

Both are to-do lists. A feed's turn is `next_poll_at`, an item's `next_try_at`; `held_until` says
that a worker is at it, and is the token without which it may not write what came of it.
"""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from claims.refs import new_ref


class FeedQuerySet(models.QuerySet["Feed"]):
    def standing(self) -> Self:
        """Those that nobody removed."""
        return self.filter(removed_at__isnull=True)

    def proposed(self) -> Self:
        """Those that were looked at, or are about to be, and that nobody kept yet."""
        return self.standing().filter(kept_at__isnull=True)

    def running(self) -> Self:
        return self.standing().filter(kept_at__isnull=False, paused_at__isnull=True)

    def paused(self) -> Self:
        return self.standing().filter(paused_at__isnull=False)

    def failing(self) -> Self:
        return self.running().filter(failures__gt=0)

    def removed(self) -> Self:
        return self.filter(removed_at__isnull=False)

    def due(self) -> Self:
        """Those whose turn has come, and that no worker is at."""
        free = Q(held_until__isnull=True) | Q(held_until__lte=Now())
        unseen = Q(kept_at__isnull=False) | Q(polled_at__isnull=True)
        return self.standing().filter(free, unseen, paused_at__isnull=True, next_poll_at__lte=Now())


class Feed(models.Model):
    """An address that is asked for new articles on a timetable of its own.

    Proposed until somebody keeps it: then it was looked at only (`preview`). Removed is paused for
    ever; what it brought and what was done to it stays.
    """

    class Kind(models.TextChoices):
        UNKNOWN = "", "Not known yet"
        RSS = "rss", "RSS"
        ATOM = "atom", "Atom"
        JSON = "json", "JSON Feed"
        SITEMAP = "sitemap", "Sitemap"
        INDEX = "index", "Index of sitemaps"
        PAGE = "page", "Web page"

    class State(models.TextChoices):
        """How it stands, told by what else is in its row."""

        LOOKING = "looking", "Being looked at"
        PROPOSED = "proposed", "To be kept"
        RUNNING = "running", "Running"
        FAILING = "failing", "Failing"
        PAUSED = "paused", "Paused"
        REMOVED = "removed", "Removed"

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    address = models.CharField(max_length=2000)
    title = models.CharField(max_length=500, blank=True)
    source = models.ForeignKey(
        "claims.Source", models.PROTECT, null=True, blank=True, related_name="feeds",
        help_text="Who publishes its articles; nobody: whom each page names.",
    )  # fmt: skip
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.UNKNOWN, blank=True)
    preview = models.JSONField(
        default=list, blank=True, help_text="What it named when it was last looked at."
    )
    etag = models.CharField(max_length=500, blank=True)
    last_modified = models.CharField(max_length=100, blank=True)
    every = models.PositiveIntegerField(
        null=True, blank=True, help_text="Minutes between two polls; none: as it brings news."
    )
    interval = models.PositiveIntegerField(help_text="Seconds between two polls, as of now.")
    next_poll_at = models.DateTimeField(db_default=Now())
    held_until = models.DateTimeField(null=True, blank=True)
    hinted_at = models.DateTimeField(null=True, blank=True)
    polled_at = models.DateTimeField("last polled", null=True, blank=True)
    failures = models.PositiveIntegerField("failures in a row", default=0)
    error = models.TextField(blank=True)
    note = models.TextField(blank=True, help_text="What must be said of the last poll.")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)
    kept_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Nobody: the machine did.",
    )  # fmt: skip
    pause_reason = models.TextField(blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = FeedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address"], condition=Q(removed_at__isnull=True),
                name="claims_feed_once_per_address",
            ),
            models.CheckConstraint(
                condition=Q(paused_at__isnull=True, paused_by__isnull=True, pause_reason="")
                | (Q(paused_at__isnull=False) & ~Q(pause_reason="")),
                name="claims_feed_paused_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) | Q(paused_at__isnull=False),
                name="claims_feed_removed_is_paused",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["next_poll_at"], name="claims_feed_due")]

    def __str__(self) -> str:
        return self.title or self.address

    def get_absolute_url(self) -> str:
        return reverse("claims:feed", args=[self.ref])

    @property
    def state(self) -> State:
        if self.removed_at:
            return self.State.REMOVED
        if self.paused_at:
            return self.State.PAUSED
        if self.kept_at is None and self.polled_at is None:
            return self.State.LOOKING
        if self.failures or self.error:
            return self.State.FAILING
        return self.State.PROPOSED if self.kept_at is None else self.State.RUNNING


class FeedItemQuerySet(models.QuerySet["FeedItem"]):
    def waiting(self) -> Self:
        return self.filter(state=FeedItem.State.WAITING)

    def due(self) -> Self:
        """Those whose turn has come, and that no worker is at; none of a feed that rests."""
        free = Q(held_until__isnull=True) | Q(held_until__lte=Now())
        resting = Q(feed__paused_at__isnull=False)
        return self.waiting().filter(free, next_try_at__lte=Now()).exclude(resting)


class FeedItem(models.Model):
    """One address that a feed named, and what became of it: an article, or why there is none.

    A sitemap that an index names is an item, too (`sitemap` says how deep): it is read for further
    items, and again when the index says that it changed.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        STORED = "stored", "New article"
        KNOWN = "known", "Known already"
        READ = "read", "Sitemap read"
        FAILED = "failed", "Failed"

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    feed = models.ForeignKey(Feed, models.PROTECT, related_name="items")
    address = models.CharField(max_length=2000)
    canonical = models.CharField(max_length=2000, help_text="The spelling it is recognised by.")
    host = models.CharField(max_length=255, help_text="One request at a time goes there.")
    title = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(null=True, blank=True, help_text="The time that the feed gave it.")
    sitemap = models.PositiveSmallIntegerField(default=0)
    seen_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(db_default=Now())
    held_until = models.DateTimeField(null=True, blank=True)
    hinted_at = models.DateTimeField(null=True, blank=True)
    why = models.TextField(blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    article = models.ForeignKey(
        "claims.Article", models.PROTECT, null=True, blank=True, related_name="feed_items"
    )

    objects = FeedItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["feed", "canonical"], name="claims_feeditem_once_per_feed"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["stored", "known"], article__isnull=False)
                | (~Q(state__in=["stored", "known"]) & Q(article__isnull=True)),
                name="claims_feeditem_article_once_stored",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", settled_at__isnull=True)
                | (~Q(state="waiting") & Q(settled_at__isnull=False)),
                name="claims_feeditem_settled_or_waiting",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(why=""), name="claims_feeditem_failed_with_a_why"
            ),
        ]
        indexes = [
            models.Index(
                fields=["host", "next_try_at"], condition=Q(state="waiting"),
                name="claims_feeditem_due",
            ),
            models.Index(fields=["feed", "-id"], name="claims_feeditem_of_feed"),
            models.Index(fields=["feed", "seen_at"], name="claims_feeditem_lately"),
            models.Index(fields=["feed", "settled_at"], condition=Q(state="stored"),
                         name="claims_feeditem_new"),
            models.Index(fields=["feed"], condition=Q(state="failed"),
                         name="claims_feeditem_failed"),
            models.Index(fields=["canonical"], condition=Q(article__isnull=False),
                         name="claims_feeditem_stored"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title or self.address


class FeedEvent(models.Model):
    """Something that was done to a feed, by a person or (`by` is nobody) by the machine."""

    class Action(models.TextChoices):
        ADDED = "added", "Added"
        KEPT = "kept", "Kept"
        CHANGED = "changed", "Changed"
        MOVED = "moved", "Moved"
        PAUSED = "paused", "Paused"
        RESUMED = "resumed", "Resumed"
        REMOVED = "removed", "Removed"

    feed = models.ForeignKey(Feed, models.PROTECT, related_name="events")
    action = models.CharField(max_length=8, choices=Action)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(db_default=Now())
    words = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["feed", "-id"], name="claims_feedevent_newest")]

    def __str__(self) -> str:
        return f"{self.feed}: {self.get_action_display()}"
