"""People correct what is known of an article; each time is a version that says who, when and why.

Its text is never corrected: every offset points into it. What a person wrote is no guess any more,
and what the analysis rests on is analysed again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

import reversion
from django.db import transaction
from django.db.models import Model, Q
from reversion.models import Version

from claims import analysis, intake, reading
from claims.models import Analysis, Article, Source, Watch
from claims.reading import Document

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

FIELDS = ("title", "source", "author", "published_on", "language", "url", "licence")
# What fields are called on pages, where their own names do not say it.
CALLED = {"published_on": "date", "source": "outlet", "url": "address"}
ANALYSED = {"title", "source", "published_on", "language"}  # what an analysis reads beside the text
AS_FOUND = "As it was before it was edited here"
SHOWN = 10  # corrections that the page of an article lists


class NotCorrected(Exception):
    """Nothing was written; the message says why, `field` of which field, "" if of none."""

    def __init__(self, why: str, *, field: str = "") -> None:
        super().__init__(why)
        self.field = field


def said_of(article: Article) -> Document:
    """Return what is known of an article, as it would have been read."""
    known = {name: getattr(article, name) for name in FIELDS if name != "source"}
    return Document(text=article.text, source=article.source.name, **known)


def token(article: Article) -> str:
    """Return what is known of an article in one word, to be sent along by who saw it."""
    known = said_of(article)
    said = "\0".join(str(getattr(known, name)) for name in FIELDS)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


@transaction.atomic
def correct(
    article: Article, *, by: AbstractUser, reason: str = "", seen: str = "", **fields: Any
) -> list[str]:
    """Write what a person says of an article; return the names of the fields that this changed.

    Waits for the analysis that is at work on it, and for a look at its page.

    :param seen: the `token` of what they saw; "" writes over whatever is known now.
    :param fields: by `FIELDS`; a source by its name, which is made if there is none so called.
    :raises NotCorrected: if another article has its address, or its text in that source, or if
        somebody corrected it since `seen`.
    """
    hold(article)
    if address := reading.canonical(fields.get("url", "")):
        intake.alone(address)  # before the row is locked, as intake does it
    article.refresh_from_db(from_queryset=Article.objects.select_for_update(no_key=True))
    if seen and seen != token(article):
        raise NotCorrected("It was changed since you opened this page. Look at it, then send.")
    changed = _changed(article, fields)
    if not changed:
        return []
    if "url" in changed and (other := holder(changed["url"], but=article)):
        raise NotCorrected(f"“{other}” ({other.source}) has this address already.", field="url")
    source = changed.get("source", article.source)
    if source != article.source and has_text_of(article, source):
        raise NotCorrected(f"{source} has an article with this very text already.", field="source")
    keep_as_found(article, [_column(name) for name in FIELDS])
    for name, value in changed.items():
        setattr(article, name, value)
    with reversion.create_revision():
        article.save(update_fields=list(changed))
        follow(article, changed)
        reversion.set_user(by)
        reversion.set_comment(_comment(changed, reason))
        reversion.add_to_revision(article)
    return list(changed)


def hold(article: Article) -> None:
    """Wait for the analysis of `article` and the look at its page; none begins till the end."""
    Analysis.objects.select_for_update().filter(article=article).first()
    Watch.objects.select_for_update().filter(article=article).first()


def follow(article: Article, fields: Collection[str]) -> None:
    """Bring up to date what follows from `fields` of an article, which a person just wrote."""
    article.guessed = [name for name in article.guessed if name not in fields]
    if "url" in fields:
        article.canonical_url = reading.canonical(article.url)
        Watch.objects.filter(article=article).update(etag="", last_modified="")
    article.save(update_fields=["guessed", "canonical_url"])
    if "source" in fields:
        Source.objects.filter(pk=article.source_id, outside=True).update(outside=False)
    if ANALYSED & set(fields):
        analysis.restart(article.analysis)


def holder(url: str, *, but: Article) -> Article | None:
    """Return an article that has this address and is no version of `but`; None if there is none."""
    address = reading.canonical(url)
    if not address or address == but.canonical_url:
        return None
    there = Article.objects.filter(canonical_url=address).exclude(pk=but.pk)
    if there.filter(Q(pk=but.revises_id) | Q(revises=but)).exists():
        return None
    return there.select_related("source").order_by("-pk").first()


def has_text_of(article: Article, source: Source) -> bool:
    """Whether another article of `source` has the text of `article`."""
    same = Article.objects.filter(source=source, text_sha256=article.text_sha256)
    return same.exclude(pk=article.pk).exists()


def keep_as_found(row: Model, columns: Iterable[str]) -> None:
    """Make a version of `row` as it is stored, unless the newest one says the same already.

    The machine makes rows, and moves them on, without versions; a person overwrites nothing that
    cannot be restored.
    """
    newest = Version.objects.get_for_object(row).first()
    if newest and all(newest.field_dict.get(c) == getattr(row, c) for c in columns):
        return
    with reversion.create_revision():
        reversion.set_comment(AS_FOUND)
        reversion.add_to_revision(row)


def corrections(article: Article) -> list[Version]:
    """Return what people corrected of an article, the newest first: one query."""
    versions = Version.objects.get_for_object(article).filter(revision__user__isnull=False)
    return list(versions.select_related("revision__user").order_by("-pk")[:SHOWN])


def named(fields: Iterable[str]) -> str:
    """Return the names of fields as people read them."""
    return ", ".join(CALLED.get(name, name) for name in fields)


def _changed(article: Article, fields: dict[str, Any]) -> dict[str, Any]:
    """Those of `fields` that say something else than is known, as the row holds them."""
    known = said_of(article)
    changed = {name: value for name, value in fields.items() if getattr(known, name) != value}
    if "source" in changed:
        name = changed.pop("source")
        source = Source.objects.named(name).order_by("pk").first()
        if source != article.source:
            changed["source"] = source or Source.objects.get_or_create(name=name)[0]
    return changed


def _column(name: str) -> str:
    return "source_id" if name == "source" else name


def _comment(fields: Iterable[str], reason: str) -> str:
    said = f"Corrected {named(fields)}"
    return f"{said}: {reason}" if reason else f"{said}."
