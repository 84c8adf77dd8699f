"""Rows of what people hand in: a document seen before it is kept, and imports of many files.

Both are to-do lists. Their bytes lie on the shelf before any row names them.
"""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse

from claims.refs import new_ref

HASH = r"^([0-9a-f]{64})?$"


class ImportQuerySet(models.QuerySet["Import"]):
    def newest_first(self) -> Self:
        return self.order_by("-pk")


class Import(models.Model):
    """Several files or addresses handed in at once.

    Its items are the to-do list and, in the end, the report.
    """

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(db_default=Now())

    objects = ImportQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Import of {self.begun_at:%-d %b %Y, %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("claims:import", args=[self.ref])


class ImportItemQuerySet(models.QuerySet["ImportItem"]):
    def waiting(self) -> Self:
        return self.filter(state=ImportItem.State.WAITING)

    def due(self) -> Self:
        """Those whose turn has come, and that no worker is fetching."""
        return self.waiting().filter(next_try_at__lte=Now())

    def reported(self) -> Self:
        """Those of which something is told: bundles are told by what was in them."""
        return self.exclude(state=ImportItem.State.OPENED)

    def failed(self) -> Self:
        return self.filter(state=ImportItem.State.FAILED)


class ImportItem(models.Model):
    """One file or address of an import, or one document of a bundle (`inside`, the `nth` in it)."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        OPENED = "opened", "Opened"
        NEW = "new", "New"
        KNOWN = "known", "Known already"
        FAILED = "failed", "Failed"

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    batch = models.ForeignKey(Import, models.CASCADE, related_name="items")
    inside = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="members",
        help_text="The bundle it was in.",
    )  # fmt: skip
    nth = models.PositiveIntegerField(default=0)
    place = models.CharField("file or address", max_length=2000)
    asked = models.CharField(
        max_length=2000, blank=True, help_text="The web address to be fetched; none: it is a file."
    )
    host = models.CharField(
        max_length=255, blank=True, help_text="Of an address: one request at a time goes there."
    )
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField("size in bytes", default=0)
    media_type = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    article = models.ForeignKey(
        "claims.Article", models.PROTECT, null=True, blank=True, related_name="+"
    )
    why = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(db_default=Now())
    hinted_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = ImportItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["inside", "nth"], name="claims_importitem_once_in_its_bundle"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["new", "known"], article__isnull=False)
                | (~Q(state__in=["new", "known"]) & Q(article__isnull=True)),
                name="claims_importitem_kept_names_its_article",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(why=""), name="claims_importitem_failed_says_why"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", settled_at__isnull=True)
                | (~Q(state="waiting") & Q(settled_at__isnull=False)),
                name="claims_importitem_settled_at_an_hour",
            ),
            models.CheckConstraint(
                condition=Q(inside__isnull=True) | ~Q(inside=F("pk")),
                name="claims_importitem_not_inside_itself",
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex=HASH), name="claims_importitem_hash_is_one"
            ),
            models.CheckConstraint(
                condition=Q(asked="", host="") | (~Q(asked="") & ~Q(host="")),
                name="claims_importitem_asked_of_a_host",
            ),
        ]
        indexes = [
            models.Index(
                fields=["hinted_at"], condition=Q(state="waiting"), name="claims_importitem_to_do"
            ),
            models.Index(
                fields=["host", "id"],
                condition=Q(state="waiting") & ~Q(host=""),
                name="claims_importitem_at_hosts",
            ),
            models.Index(fields=["batch", "state", "id"], name="claims_importitem_of_batch"),
            models.Index(fields=["sha256"], name="claims_importitem_bytes"),
        ]

    def __str__(self) -> str:
        return f"{self.place}: {self.get_state_display()}"


class OfferQuerySet(models.QuerySet["Offer"]):
    def looking(self) -> Self:
        """Those whose address was not read yet."""
        return self.filter(state=Offer.State.LOOKING)

    def open(self) -> Self:
        """Those that were not kept."""
        return self.filter(state__in=[Offer.State.LOOKING, Offer.State.READ, Offer.State.FAILED])


class Offer(models.Model):
    """One document that somebody hands in: what was read of it, until they keep or drop it.

    Nothing of it is an article yet. Its fields are those of `reading.Document`, its bytes and how
    they came those of a snapshot.
    """

    class State(models.TextChoices):
        LOOKING = "looking", "Being fetched"
        READ = "read", "To be kept or dropped"
        FAILED = "failed", "Could not be read"
        KEPT = "kept", "Kept"

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    asked = models.CharField("address asked for", max_length=2000, blank=True)
    quotation = models.TextField(blank=True, help_text="The passage its sender had marked.")
    state = models.CharField(max_length=8, choices=State, default=State.LOOKING)
    why = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    hinted_at = models.DateTimeField(null=True, blank=True)

    text = models.TextField(blank=True)
    title = models.TextField(blank=True)
    source = models.TextField(blank=True)
    url = models.TextField(blank=True)
    published_on = models.DateField(null=True, blank=True)
    language = models.TextField(blank=True)
    author = models.TextField(blank=True)
    licence = models.TextField(blank=True)
    canonical = models.TextField("canonical address", blank=True)
    demo = models.BooleanField(default=False)
    guessed = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    place = models.CharField(max_length=2000, blank=True)

    sha256 = models.CharField(max_length=64, blank=True)
    media_type = models.CharField(max_length=100, blank=True)
    address = models.CharField(
        max_length=2000, blank=True, help_text="Where it was found in the end, after redirects."
    )
    request_headers = models.JSONField(default=list, blank=True)
    response_headers = models.JSONField(default=list, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)

    article = models.ForeignKey(
        "claims.Article", models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = OfferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="kept", article__isnull=False)
                | (~Q(state="kept") & Q(article__isnull=True)),
                name="claims_offer_kept_names_its_article",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(why=""), name="claims_offer_failed_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(state="read") | (~Q(text="") & ~Q(sha256="")),
                name="claims_offer_read_has_text_and_bytes",
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex=HASH), name="claims_offer_hash_is_one"
            ),
        ]
        indexes = [
            models.Index(fields=["by", "state", "-id"], name="claims_offer_of_person"),
            models.Index(fields=["sha256"], name="claims_offer_bytes"),
        ]

    def __str__(self) -> str:
        return self.title or self.asked or self.place

    def get_absolute_url(self) -> str:
        return reverse("claims:offer", args=[self.ref])
