"""Rows of those who publish what we read, and by which names they are found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.functions import Upper

from claims.refs import new_ref

# All names of a source, such that `claims_folded` of a name finds it in whatever case it is.
FOLDED = Func(
    Func("aliases", "name", function="array_append"),
    function="claims_folded", output_field=ArrayField(models.TextField()),
)  # fmt: skip


class SourceQuerySet(models.QuerySet["Source"]):
    def named(self, name: str) -> Self:
        """Sources called `name`, by their own name or by one of their other names."""
        return self.filter(Q(name__iexact=name) | Q(aliases__contains=[name]))

    def named_like(self, names: Iterable[str]) -> Self:
        """Those called one of `names` in any case, and some whose letters only look like it."""
        asked = Value(list(names), ArrayField(models.TextField()))
        found = self.alias(folded=FOLDED)
        return found.filter(folded__overlap=Func(asked, function="claims_folded"))


class Source(models.Model):
    """A publisher we read, or one that what we read rests on (`outside`)."""

    class Kind(models.TextChoices):
        OUTLET = "outlet", "News outlet"
        INSTITUTION = "institution", "Institution"
        MEDIA = "media", "Unnamed media"

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    name = models.CharField(max_length=200, unique=True)
    aliases = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.OUTLET)
    outside = models.BooleanField(
        default=False,
        help_text="Known only because articles cite it; we hold nothing it published.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SourceQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(Upper("name"), name="claims_source_named"),
            GinIndex(fields=["aliases"], name="claims_source_aliases", fastupdate=False),
            GinIndex(FOLDED, name="claims_source_folded", fastupdate=False),
        ]

    def __str__(self) -> str:
        return self.name
