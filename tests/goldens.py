"""Sealed rows as each schema of content wrote them, letter for letter: `golden/schema_N.json`.

When `history.SCHEMA` is raised, its first verdict is kept like this: write one in a test, print
`json.dumps(dump(review), indent=1, ensure_ascii=False)`, store it as the next file. None of these
files ever changes again.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from reversion.models import Revision, Version

from reviews.models import Evidence, Review, User, Verdict, VerdictVersion
from reviews.states import Status
from tests import factories
from tests.record import commit

FOLDER = Path(__file__).resolve().parent / "golden"
PEOPLE = ("id", "username", "first_name", "last_name")
REVISED = ("object_repr", "serialized_data")


def schemas() -> list[int]:
    """The schemas of which there is a file."""
    return sorted(int(path.stem.partition("_")[2]) for path in FOLDER.glob("schema_*.json"))


def read(schema: int) -> dict[str, Any]:
    rows: dict[str, Any] = json.loads((FOLDER / f"schema_{schema}.json").read_text())
    return rows


def load(schema: int) -> Review:
    """Store the rows of a file under a held review; the seals see to it that they fit."""
    rows = read(schema)
    people = {row["id"]: User.objects.create(**row) for row in rows["people"]}
    review = factories.review_at(Status.IN_PROGRESS)
    for row in rows["evidence"]:
        Evidence.objects.create(review=review, **row)
    Verdict.objects.create(review=review, **rows["verdict"])
    for version, revised in zip(rows["versions"], rows["revisions"], strict=True):
        VerdictVersion.objects.create(**version)
        revision = Revision.objects.create(
            date_created=version["at"], user=people[version["actor_id"]],
            comment=f"Version {version['seq']}",
        )  # fmt: skip
        Version.objects.create(
            revision=revision, content_type=ContentType.objects.get_for_model(Verdict),
            object_id=str(version["verdict_id"]), db="default", format="json", **revised,
        )  # fmt: skip
    commit()
    return review


def dump(review: Review) -> dict[str, Any]:
    """The rows of a review's verdict as a file holds them."""
    versions = VerdictVersion.objects.filter(verdict__review=review).order_by("seq")
    evidence = Evidence.objects.filter(review=review).order_by("pk")
    wrote = {version.actor_id for version in versions} | {one.added_by_id for one in evidence}
    revised = Version.objects.get_for_object(review.verdict).order_by("pk")
    return {
        "people": list(User.objects.filter(pk__in=wrote).order_by("pk").values(*PEOPLE)),
        "evidence": [_row(one, but="review_id") for one in evidence],
        "verdict": _row(review.verdict, but="review_id"),
        "versions": [_row(version) for version in versions],
        "revisions": list(revised.values(*REVISED)),
    }


def _row(row: models.Model, but: str = "") -> dict[str, Any]:
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    values.pop(but, None)
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
