"""Checkpoints for tests, and what somebody who rules the database does to the record."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from django.db import connection
from reversion.models import Revision, Version

from reviews import checkpoints, delivery, history, signing
from reviews.attestation import Keys, keyring
from reviews.models import Checkpoint, Verdict, VerdictVersion
from reviews.verification import REVISED


def taken() -> Path:
    """Take a checkpoint, and bring it to its witnesses; where the folder has it."""
    return path_of(checkpoints.take())


def path_of(checkpoint: Checkpoint) -> Path:
    """Bring it to its witnesses; where the folder has it."""
    delivery.deliver_due()
    return Path(checkpoint.deliveries.get(way="folder").to, checkpoint.file_name)


def own_keys() -> Keys:
    return keyring(signing.public_keys())


def as_superuser(*statements: str) -> None:
    """Run these while no trigger is awake."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


Edit = Callable[[list[VerdictVersion]], list[VerdictVersion]]


def rewrite(verdict: Verdict, edit: Edit) -> None:
    """Replace the whole chain by what `edit` makes of it, every hash and revision recomputed.

    It leaves no trace in the database: plain `verify` finds that all of it holds.
    """
    versions = edit(list(verdict.versions.order_by("seq")))
    revised = Version.objects.get_for_object(verdict).order_by("pk")
    [row] = json.loads(revised[0].serialized_data)
    before = ""
    for seq, version in enumerate(versions, 1):
        version.pk, version.seq, version.previous_hash = None, seq, before
        version.content_hash = history.sha256(version.content)
        before = version.hash = history.row_hash(version)
    revisions = list(revised.values_list("revision", flat=True))
    revisions += [Revision.objects.create(date_created=one.at).pk for one in versions]
    kept = revised[0]
    as_superuser(
        f"DELETE FROM reviews_verdictversion WHERE verdict_id = {verdict.pk}",
        f"DELETE FROM reversion_version WHERE object_id = '{verdict.pk}'",
    )
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        VerdictVersion.objects.bulk_create(versions)
        for number, version in enumerate(versions):
            content = json.loads(version.content)
            row["fields"] |= {"seq": version.seq, "content_hash": version.content_hash}
            row["fields"] |= {field: content[name] for field, name in REVISED.items()}
            kept.pk, kept.serialized_data = None, json.dumps([row])
            kept.revision_id = revisions[number]
            kept.save(force_insert=True)
        told = {field: content[name] for field, name in REVISED.items()}
        Verdict.objects.filter(pk=verdict.pk).update(
            seq=len(versions), content_hash=versions[-1].content_hash, **told
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
